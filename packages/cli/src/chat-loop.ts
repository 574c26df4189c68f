import { createInterface } from 'node:readline';
import {
  ChatSession,
  type GenerationOptions,
  type MediumPart,
  type VideoSettings,
  type Vlm,
} from '@motion-enhancer/core/internal/vlm/index.js';
import { UserError } from '@motion-enhancer/support';
import { drawAttention } from './draw-attention.js';

export interface ChatLoopOptions {
  /** Seen before the first question. */
  media: readonly MediumPart[];
  settings: VideoSettings;
  generation: GenerationOptions;
  /** Words whose attention is drawn after every answer that has them. */
  attention: readonly string[];
  out: string;
  json: boolean;
  input: NodeJS.ReadableStream & { isTTY?: boolean; setRawMode?(on: boolean): unknown };
  output: NodeJS.WritableStream & { isTTY?: boolean };
  /** For what is not an answer. */
  notes: NodeJS.WritableStream;
}

const HELP = `/video FILE      look at a video; the next question is about it
/image FILE      look at an image
/attention WORD  draw a word's attention over the frames of the conversation so far
/clear           forget what was said and seen
/help            this list
/quit            end (also Ctrl-D); Ctrl-C ends the program, while it answers too`;

/** Reads questions and slash commands line by line until the input ends; mistakes are reported and the chat goes on. */
export async function runChat(vlm: Vlm, o: ChatLoopOptions): Promise<void> {
  const terminal = o.input.isTTY === true && o.output.isTTY === true;
  const session = new ChatSession(vlm, o.settings);
  const talk = new Talk(vlm, session, o);
  try {
    for (const part of o.media) await talk.look(part);
    // Not earlier: lines that come before the loop begins would be lost.
    const lines = createInterface({ input: o.input, output: terminal ? o.output : undefined, prompt: '> ' });
    if (terminal) o.notes.write(`${HELP}\n`);
    if (terminal) lines.prompt();
    for await (const line of lines) {
      // While the model computes, Ctrl-C must reach the process: no JavaScript runs that could hear the key.
      if (terminal) o.input.setRawMode?.(false);
      if (!(await talk.hear(line.trim()))) break;
      if (!terminal) continue;
      o.input.setRawMode?.(true);
      lines.prompt();
    }
    lines.close();
  } finally {
    session.dispose();
  }
}

/** One conversation with its commands. */
class Talk {
  readonly #vlm: Vlm;
  readonly #session: ChatSession;
  readonly #options: ChatLoopOptions;

  constructor(vlm: Vlm, session: ChatSession, options: ChatLoopOptions) {
    this.#vlm = vlm;
    this.#session = session;
    this.#options = options;
  }

  /** @returns false to end */
  async hear(line: string): Promise<boolean> {
    if (line === '') return true;
    if (line === '/quit' || line === '/exit') return false;
    try {
      if (line.startsWith('/')) await this.#command(line);
      else await this.#ask(line);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      const hint = error.code === 'ERR_CONTEXT' ? ' /clear begins anew.' : '';
      this.#note(`error: ${error.message}${hint}`);
    }
    return true;
  }

  async look(part: MediumPart): Promise<void> {
    const { seconds, type } = await this.#session.look(part);
    const name = 'path' in part ? part.path : type;
    const [first, last] = [seconds[0]!, seconds.at(-1)!].map((time) => time.toFixed(2));
    this.#note(`sees ${name}${type === 'video' ? `: ${seconds.length} frames from ${first} to ${last} s` : ''}`);
  }

  async #command(line: string): Promise<void> {
    const [word, ...rest] = line.split(' ');
    const argument = unquoted(rest.join(' ').trim());
    if (word === '/help') return this.#note(HELP);
    if (word === '/clear') {
      this.#session.clear();
      return this.#note('forgotten');
    }
    if (word !== '/video' && word !== '/image' && word !== '/attention')
      return this.#note(`There is no command ${word}. /help lists them all.`);
    if (argument === '')
      return this.#note(`Expected a ${word === '/attention' ? 'word' : 'file'} after ${word} but received nothing.`);
    if (word === '/attention') return this.#draw([argument]);
    await this.look(word === '/video' ? { type: 'video', path: argument } : { type: 'image', path: argument });
  }

  async #ask(prompt: string): Promise<void> {
    const { generation, json, output, attention } = this.#options;
    const answer = this.#session.ask(prompt, {
      ...generation,
      ...(json ? {} : { onText: (piece: string) => void output.write(piece) }),
    });
    output.write(json ? `${JSON.stringify({ type: 'answer', prompt, answer, weights: this.#vlm.weights })}\n` : '\n');
    if (attention.length > 0) await this.#draw(attention);
  }

  async #draw(words: readonly string[]): Promise<void> {
    const { settings, out, json, output } = this.#options;
    const { files, shares } = await this.#session.withChat((chat, parts) =>
      drawAttention(this.#vlm, chat, parts, words, { settings, out }),
    );
    if (json) output.write(`${JSON.stringify({ type: 'attention', shares, files })}\n`);
    else for (const file of files) this.#note(`picture ${file}`);
  }

  #note(text: string): void {
    const { json, notes } = this.#options;
    notes.write(json ? `${JSON.stringify({ type: 'log', label: 'chat', message: text })}\n` : `${text}\n`);
  }
}

/** Paths dragged into a terminal come in quotes. */
function unquoted(text: string): string {
  const match = /^(['"])(.*)\1$/.exec(text);
  return match ? match[2]! : text;
}
