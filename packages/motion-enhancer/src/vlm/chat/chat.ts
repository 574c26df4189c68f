import { keep, noGrad, scope } from '@motion-enhancer/libtorch';
import type { ChatMessage } from '@motion-enhancer/models';
import type { MediumPart } from '../media/media.js';
import { mediumReader } from '../media/medium-reader.js';
import type { InputSettings, MediumInput, PreparedChat, Vlm, VlmMessage } from '../types.js';

/** Reads a medium and makes it ready. */
export type ReadMedium = (part: MediumPart, settings: InputSettings) => Promise<MediumInput>;

/**
 * A chat ready for the model: its files read, its tokens laid out. Free it with `disposeChat`.
 * A chat whose last message is the assistant's is a training sample; else it ends where the reply begins.
 * @param read by default `prepareMedium`, on this thread
 * @throws UserError ERR_IMAGE, ERR_VIDEO, ERR_MEDIA, ERR_TOKENIZER, ERR_CONTEXT, ERR_VALUE
 */
export async function prepareChat(
  vlm: Vlm,
  messages: readonly VlmMessage[],
  settings: InputSettings,
  read: ReadMedium = (part) => prepareMedium(vlm, part, settings),
): Promise<PreparedChat> {
  const inputs: MediumInput[] = [];
  try {
    for (const part of mediaParts(messages)) inputs.push(await read(part, settings));
    return layOut(vlm, messages, inputs, settings);
  } catch (error) {
    for (const { pixels } of inputs) pixels.dispose();
    throw error;
  }
}

/** The same for media that are ready already; they stay as they are. */
export function layOut(
  vlm: Vlm,
  messages: readonly VlmMessage[],
  inputs: readonly MediumInput[],
  settings: InputSettings,
): PreparedChat {
  const chat = noGrad(() => scope(() => vlm.prepareTokens(messages.map(toChatMessage), inputs, settings)));
  return { ...keep(chat), inputs };
}

/** Reads an image or video and makes it ready for the vision tower. */
export function prepareMedium(vlm: Vlm, part: MediumPart, settings: InputSettings): Promise<MediumInput> {
  return mediumReader(vlm).read(part, settings);
}

export function disposeChat(chat: PreparedChat): void {
  for (const { pixels } of chat.inputs) pixels.dispose();
  chat.positions?.dispose();
}

/** Images and videos of a conversation, in order. */
export function mediaParts(messages: readonly VlmMessage[]): MediumPart[] {
  return messages.flatMap(({ content }) =>
    typeof content === 'string' ? [] : content.filter((part): part is MediumPart => part.type !== 'text'),
  );
}

function toChatMessage({ role, content }: VlmMessage): ChatMessage {
  if (typeof content === 'string') return { role, content };
  return { role, content: content.map((part) => (part.type === 'text' ? part : { type: part.type })) };
}
