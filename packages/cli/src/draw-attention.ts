import {
  attentionOfWords,
  decodeMedium,
  disposeDecoded,
  type InputSettings,
  type MediumPart,
  type PreparedChat,
  type Vlm,
  writeAttentionPictures,
} from '@motion-enhancer/core/internal/vlm/index.js';

/**
 * Draws words' attention over a chat's media into a folder.
 * @param chat with the answer, so that its words can be looked at too
 * @returns the files written, and each word's share of attention on what it sees
 */
export async function drawAttention(
  vlm: Vlm,
  chat: PreparedChat,
  parts: readonly MediumPart[],
  words: readonly string[],
  { settings, out }: { settings: InputSettings; out: string },
): Promise<{ files: string[]; shares: { word: string; visualShare: number }[] }> {
  const maps = attentionOfWords(vlm, chat, words);
  const media: { part: MediumPart; decoded: Awaited<ReturnType<typeof decodeMedium>> }[] = [];
  try {
    for (const part of parts) media.push({ part, decoded: await decodeMedium(vlm, part, settings) });
    const files = writeAttentionPictures(
      out,
      maps,
      media.map(({ decoded }, i) => ({ decoded, input: chat.inputs[i]! })),
      { footer: vlm.weights === 'random' ? ['untrained random weights: the maps mean nothing'] : [] },
    );
    return { files, shares: maps.map(({ word, visualShare }) => ({ word, visualShare })) };
  } finally {
    for (const { part, decoded } of media) disposeDecoded(part, decoded);
  }
}
