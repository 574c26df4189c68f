import { loadT5Tokenizer } from '@motion-enhancer/models';
import { compareCases } from '../compare-cases.js';
import { besideReference, readJson } from '../golden-file.js';
import type { ParityPart } from '../part.js';

const GOLDEN = 'goldens/tokens_t5.json';
const TOKENIZER = 'tokenizers/cogvideox-t5';

interface Case {
  text: string;
  ids_sentencepiece_plus_eos?: number[];
  ids_hf_fast?: number[];
}

/** Token ids of T5 against sentencepiece's and the fast tokenizer's. */
export const t5TokensPart: ParityPart = {
  name: 'tokens_t5',
  needs: [],
  goldens: [GOLDEN, TOKENIZER],
  run(dir, { report }) {
    const { cases } = readJson(besideReference(dir, GOLDEN)!) as { cases?: Case[] };
    const tokenizer = loadT5Tokenizer(besideReference(dir, TOKENIZER)!);
    for (const [line, key, other] of [
      ['sentencepiece', 'ids_sentencepiece_plus_eos', 'ids_hf_fast'],
      ['fast', 'ids_hf_fast', 'ids_sentencepiece_plus_eos'],
    ] as const)
      compareCases(
        {
          name: `tokens_t5/${line}`,
          cases,
          skip: (one) => one[key] === undefined && one[other] !== undefined,
          ours: ({ text }) => tokenizer.encode(text).ids,
          reference: (one) => one[key]!,
        },
        report,
      );
  },
};
