/** A piece of a message: words, or where an image or a video stands. */
export type ChatPart = { type: 'text'; text: string } | { type: 'image' } | { type: 'video' };

export interface ChatMessage {
  role: 'system' | 'user' | 'assistant';
  content: string | readonly ChatPart[];
}

export interface ChatTemplateOptions {
  /** The tokens that stand for media: `<|image_pad|>` and `<|video_pad|>`. */
  imagePad: string;
  videoPad: string;
  /** Number the media: "Picture 1: ", "Video 1: ". Default false. */
  addVisionId?: boolean;
  /** Of a chat whose first message is not a system message; null for none. Default "You are a helpful assistant." */
  system?: string | null;
}

/** A stretch of the chat text; the assistant's replies and their end marks are `reply`. */
export interface ChatSegment {
  text: string;
  reply: boolean;
}

export const DEFAULT_SYSTEM = 'You are a helpful assistant.';
const END = '<|im_end|>\n';

/**
 * The chat text of Qwen2.5-VL, cut where replies begin and end: what is learned and what is given are then apart.
 * Ends with the opening of a reply if the last message is not the assistant's.
 * Source: the chat_template of Qwen/Qwen2.5-VL-7B-Instruct (rendered goldens in the tests).
 */
export function chatSegments(messages: readonly ChatMessage[], o: ChatTemplateOptions): ChatSegment[] {
  const segments: ChatSegment[] = [];
  const numbers = { image: 0, video: 0 };
  let given = '';
  const system = o.system === undefined ? DEFAULT_SYSTEM : o.system;
  if (messages[0]?.role !== 'system' && system !== null) given += `<|im_start|>system\n${system}${END}`;
  for (const { role, content } of messages) {
    given += `<|im_start|>${role}\n`;
    const text = render(content, o, numbers) + END;
    if (role !== 'assistant') {
      given += text;
      continue;
    }
    segments.push({ text: given, reply: false }, { text, reply: true });
    given = '';
  }
  if (messages.at(-1)?.role !== 'assistant') segments.push({ text: `${given}<|im_start|>assistant\n`, reply: false });
  return segments;
}

function render(
  content: ChatMessage['content'],
  o: ChatTemplateOptions,
  numbers: { image: number; video: number },
): string {
  if (typeof content === 'string') return content;
  const parts = content.map((part) => {
    if (part.type === 'text') return part.text;
    const count = ++numbers[part.type];
    const [word, pad] = part.type === 'image' ? ['Picture', o.imagePad] : ['Video', o.videoPad];
    return `${o.addVisionId ? `${word} ${count}: ` : ''}<|vision_start|>${pad}<|vision_end|>`;
  });
  return parts.join('');
}
