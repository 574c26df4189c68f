import { UserError } from '@motion-enhancer/support';
import type { TextFit } from './text-fit.js';

/** @throws UserError ERR_TEXT for a text of which no prior can be made */
export function checkText(text: string, { words, known }: TextFit): void {
  const shown = JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}…` : text);
  if (words === 0)
    throw new UserError(`Expected at least one word for text but received ${shown}. A prior is made for words.`, {
      code: 'ERR_TEXT',
    });
  if (!known)
    throw new UserError(
      `Expected words that the diffusion model knows for text but received ${shown}: its tokenizer knows none of them, and their maps would all be equal. Translate it into the language of the captions that the model was trained on, mostly English.`,
      { code: 'ERR_TEXT' },
    );
}
