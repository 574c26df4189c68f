import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Template } from '@huggingface/jinja';
import { parseJsonObject, readText } from './read-json-object.js';

interface Message {
  role: 'system' | 'user' | 'assistant';
  content: string;
}

/** Chats that templates of one family differ in, if they differ. */
const PROBES: readonly (readonly Message[])[] = [
  [{ role: 'user', content: 'What moves?' }],
  [
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: 'What moves?' },
    { role: 'assistant', content: 'A dog.' },
    { role: 'user', content: 'Where to?' },
  ],
];

/**
 * Holds the chat template beside a checkpoint against the text that we write.
 * @param ours the text of a chat, with the opening of a reply at its end
 * @returns a warning; null where there is none, or both write the same
 */
export function otherChatTemplate(dir: string, ours: (messages: readonly Message[]) => string): string | null {
  const found = templateOf(dir);
  if (!found) return null;
  try {
    const template = new Template(found.text);
    const same = PROBES.every((messages) => renderings(template, messages).includes(ours(messages)));
    return same ? null : `the chat template in ${found.file} writes other chats than those used here, and is not used`;
  } catch (error) {
    const reason = (error as Error).message.split('\n')[0];
    return `the chat template in ${found.file} could not be compared with the chats used here (${reason}), and is not used`;
  }
}

/** With contents as text and as lists of parts: templates of tokenizers want the one, those of processors the other. */
function renderings(template: Template, messages: readonly Message[]): string[] {
  const options = { add_generation_prompt: true, bos_token: '', eos_token: '<|im_end|>' };
  const parts = messages.map(({ role, content }) => ({ role, content: [{ type: 'text', text: content }] }));
  const results = [messages, parts].map((given) => {
    try {
      return template.render({ ...options, messages: given });
    } catch (error) {
      return error as Error;
    }
  });
  const texts = results.filter((result) => typeof result === 'string');
  if (texts.length === 0) throw results[0];
  return texts;
}

/** In the order in which transformers prefers them. @throws UserError ERR_CONFIG for a file that is no JSON object */
function templateOf(dir: string): { file: string; text: string } | null {
  const plain = join(dir, 'chat_template.jinja');
  if (existsSync(plain)) return { file: plain, text: readText(plain, 'ERR_CONFIG') };
  for (const name of ['chat_template.json', 'tokenizer_config.json']) {
    const file = join(dir, name);
    if (!existsSync(file)) continue;
    const given = parseJsonObject(readText(file, 'ERR_CONFIG'), file, 'ERR_CONFIG').chat_template;
    const named = Array.isArray(given)
      ? (given as { name?: string; template?: string }[]).find((one) => one?.name === 'default')?.template
      : given;
    if (typeof named === 'string') return { file, text: named };
  }
  return null;
}
