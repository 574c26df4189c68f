import { keep, noGrad, scope } from '@motion-enhancer/libtorch';
import { KVCache } from '@motion-enhancer/models';
import type { GenerationOptions } from '../generate/generation-options.js';
import type { MediumPart } from '../media/media.js';
import type { InputSettings, MediumInput, PreparedChat, Vlm, VlmMessage } from '../types.js';
import { disposeVisual, joinVisual, type Visual } from '../visual.js';
import { replies } from './answer.js';
import { layOut, mediaParts, prepareMedium } from './chat.js';
import { placeMedia } from './place-media.js';

interface Seen {
  part: MediumPart;
  input: MediumInput;
  visual: Visual;
}

/** What the key-value cache holds. */
interface Past {
  cache: KVCache;
  ids: readonly number[];
  /** Where the last reply began, and what its positions were ahead of its places. */
  start: number;
  delta: number;
}

/** Does a chat begin with the tokens of the cache, at the positions that they were computed for? */
function continues({ ids, start, delta }: Past, chat: PreparedChat): boolean {
  if (ids.length === 0 || ids.length >= chat.ids.length || ids.some((id, i) => id !== chat.ids[i])) return false;
  const times = chat.rope?.positions[0];
  return !times || ids.every((_, i) => i < start || times[i] === i + delta);
}

/** A conversation that goes on: media are seen once, what was said stays. Free it with `dispose()`. */
export class ChatSession {
  readonly #vlm: Vlm;
  readonly #settings: InputSettings;
  #messages: VlmMessage[] = [];
  /** Media of the messages, in order, then those that wait for the next question. */
  #seen: Seen[] = [];
  #waiting = 0;
  #past: Past | null = null;

  constructor(vlm: Vlm, settings: InputSettings) {
    this.#vlm = vlm;
    this.#settings = settings;
  }

  get messages(): readonly VlmMessage[] {
    return this.#messages;
  }

  /** Images and videos that the next question is about. */
  get waiting(): readonly MediumPart[] {
    return this.#seen.slice(this.#seen.length - this.#waiting).map(({ part }) => part);
  }

  /** Looks at an image or video; the next question is about it. @throws UserError ERR_IMAGE, ERR_VIDEO, ERR_MEDIA */
  async look(part: MediumPart): Promise<MediumInput> {
    const input = await prepareMedium(this.#vlm, part, this.#settings);
    try {
      const visual = keep(noGrad(() => scope(() => this.#vlm.encode([input])!)));
      this.#seen.push({ part, input, visual });
    } catch (error) {
      input.pixels.dispose();
      throw error;
    }
    this.#waiting++;
    return input;
  }

  /**
   * The answer to the next question; `<image>` and `<video>` in it say where the waiting media stand, else they stand
   * before it. A question that fails leaves the conversation as it was.
   * @throws UserError ERR_CONTEXT when the conversation no longer fits, ERR_MEDIA, ERR_VALUE
   */
  ask(text: string, options: GenerationOptions = {}): string {
    const [question] = placeMedia([{ role: 'user', content: text }], this.waiting);
    const messages = [...this.#messages, question!];
    const { chat, free } = this.#layOut(messages);
    let reply: string;
    try {
      reply = this.#reply(chat, options);
    } catch (error) {
      this.#forget(); // it may hold half a question
      throw error;
    } finally {
      free();
    }
    this.#messages = [...messages, { role: 'assistant', content: reply }];
    this.#waiting = 0;
    return reply;
  }

  /** Tokens that were computed for earlier turns are not computed again. */
  #reply(chat: PreparedChat, options: GenerationOptions): string {
    const past = this.#past && continues(this.#past, chat) ? this.#past : this.#forget();
    const cache = past?.cache ?? new KVCache();
    this.#past = { cache, ids: [], start: 0, delta: 0 }; // freed by `#forget` if this fails
    const [reply] = replies(this.#vlm, [chat], options, cache);
    const ids = [...chat.ids, ...reply!.ids].slice(0, cache.length);
    this.#past = { cache, ids, start: chat.ids.length, delta: chat.rope?.delta ?? 0 };
    return reply!.text;
  }

  #forget(): null {
    this.#past?.cache.dispose();
    this.#past = null;
    return null;
  }

  /** Runs `body` with the conversation so far as the model takes it, its media encoded, and with these media. */
  async withChat<T>(body: (chat: PreparedChat, parts: readonly MediumPart[]) => Promise<T> | T): Promise<T> {
    const { chat, free } = this.#layOut(this.#messages);
    try {
      return await body(chat, mediaParts(this.#messages));
    } finally {
      free();
    }
  }

  #layOut(messages: readonly VlmMessage[]): { chat: PreparedChat; free(): void } {
    const seen = this.#seen.slice(0, mediaParts(messages).length);
    const chat = layOut(
      this.#vlm,
      messages,
      seen.map(({ input }) => input),
      this.#settings,
    );
    const joined = seen.length > 1 ? joinVisual(seen.map(({ visual }) => visual)) : null;
    return {
      chat: { ...chat, visual: joined ?? seen[0]?.visual ?? null },
      free: () => {
        disposeVisual(joined);
        chat.positions?.dispose();
      },
    };
  }

  /** Forgets everything that was said and seen. */
  clear(): void {
    this.#forget();
    for (const { input, visual } of this.#seen) {
      input.pixels.dispose();
      disposeVisual(visual);
    }
    this.#seen = [];
    this.#waiting = 0;
    this.#messages = [];
  }

  dispose(): void {
    this.clear();
  }
}
