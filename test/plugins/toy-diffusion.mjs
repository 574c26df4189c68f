// A toy video diffusion model outside of the packages' sources, as a user would add one (docs/guides/add-a-diffusion-model.md):
// video attends to itself and then to the text, and a flow sampler goes from noise to video. Nothing of it is trained.
// Head 0 of every layer is planted: its attention is known, whatever the video (see `planted`).
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Pixels of a latent pixel and side, pixel frames of a latent frame, tokens of a text, channels of a latent. */
const [PATCH, PER_LATENT, TEXT_TOKENS, CHANNELS] = [8, 4, 8, 3];

/** Scores of the planted head: of the same location (self-attention), and of a token with the frame of its number (cross). */
export const PLANTED = { self: 4, cross: 2 };

/** A checkpoint folder: its weights follow from the seed. */
export function writeToyDiffusion(dir, sizes = {}) {
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, 'model_index.json'), JSON.stringify({ _class_name: 'ToyVideoPipeline' }));
  writeFileSync(join(dir, 'toy.json'), JSON.stringify({ seed: 1, layers: 2, heads: 3, headDim: 24, ...sizes }));
  return dir;
}

const readSizes = (dir) => JSON.parse(readFileSync(join(dir, 'toy.json'), 'utf8'));

/** Registers the family. @param api the packages, as the command line hands them to a plugin */
export default function plugin({ core, models, libtorch }) {
  core.registerVideoDiffusion({
    id: 'toy',
    pipelines: /^ToyVideoPipeline$/,
    transformers: [],
    files: ['model_index.json', 'toy.json'],
    weightFiles: (dir) => [join(dir, 'toy.json')],
    plan: (dir, clip, dtype) => planToy(readSizes(dir), clip, dtype),
    load: (identity, options) => loadToy(identity, options, { core, models, libtorch }),
  });
}

function planToy({ layers, heads, headDim }, { frames: asked, height, width }, dtype) {
  const frames = asked - ((asked - 1) % PER_LATENT);
  const grid = { frames: (frames - 1) / PER_LATENT + 1, height: height / PATCH, width: width / PATCH };
  const bytes = dtype === 'float64' ? 8 : 4;
  return {
    attention: { kind: 'self-cross', layers, heads, headDim },
    frameRule: { perLatent: PER_LATENT, latentMultiple: 1 },
    frames,
    grid: { ...grid, textTokens: TEXT_TOKENS },
    textEncoder: bytes * 64 * heads * headDim,
    transformer: bytes * layers * 8 * (heads * headDim) ** 2,
    vae: 0,
    encoding: bytes * 3 * frames * height * width,
    decoding: 0,
    tile: null,
  };
}

/** x_t = (1 − t) x0 + t ε, of which the model predicts ε − x0; Euler steps, and their exact inverse. */
const flowSampler = {
  levels: (steps) =>
    Array.from({ length: steps }, (_, i) => {
      const [at, below] = [(steps - i) / steps, (steps - i - 1) / steps];
      return { time: 1000 * at, inverseTime: 1000 * below, at, below };
    }),
  step: (x, v, { at, below }) => x.add(v, below - at),
  invert: (x, v, { at, below }) => x.add(v, at - below),
  noised: (x0, noise, { at }) => x0.mul(1 - at).add(noise, at),
};

function loadToy(identity, { device, dtype, texts: wanted = [] }, { core, models, libtorch }) {
  const { seed, layers, heads, headDim } = readSizes(identity.dir);
  const width = heads * headDim;
  const texts = new core.TextEmbeddings({ device, dtype, ...toyTexts({ seed, width }, models, libtorch) });
  texts.encode(wanted);
  const weights = toyWeights({ seed, layers, width, device, dtype }, libtorch);
  return {
    ...identity,
    device,
    dtype,
    attention: { kind: 'self-cross', layers, heads, headDim },
    sampler: flowSampler,
    texts,
    frameRule: { perLatent: PER_LATENT, latentMultiple: 1 },
    sizeMultiple: PATCH,
    grid: (x_BFCHW, text) => ({
      frames: x_BFCHW.size(1),
      height: x_BFCHW.size(3),
      width: x_BFCHW.size(4),
      textTokens: text.size(1),
    }),
    encodeVideo: (clip_BCTHW) => ({ x0: libtorch.scope(() => encode(clip_BCTHW, libtorch)), padded: 0 }),
    latentFrames: (x0_BFCHW) => x0_BFCHW,
    decodeVideo: ({ x0 }) => libtorch.scope(() => decode(x0)),
    pixelFrames: ({ x0 }) =>
      Array.from({ length: x0.size(1) }, (_, f) => [Math.max(0, PER_LATENT * (f - 1) + 1), PER_LATENT * f]),
    denoise: (x, text, time, taps = {}) =>
      libtorch.noGrad(() => libtorch.scope(() => denoise({ x, text, time, taps, weights, heads, libtorch }))),
    dispose() {
      texts.clear();
      for (const tensor of libtorch.tensorsIn(weights)) tensor.dispose();
    },
  };
}

/** A token a word; the rest of the text's eight tokens is padding. */
function toyTexts({ seed, width }, models, libtorch) {
  const idOf = (word) => 1 + ([...word].reduce((sum, letter) => 31 * sum + letter.charCodeAt(0), 7) % 63);
  return {
    tokenize(text) {
      const spans = models.wordSpans(text).slice(0, TEXT_TOKENS);
      const padding = Array.from({ length: TEXT_TOKENS - spans.length }, () => 0);
      return {
        ids: [...spans.map(([start, end]) => idOf(text.slice(start, end))), ...padding],
        spans: [...spans, ...padding.map(() => [0, 0])],
        special: [...spans.map(() => false), ...padding.map(() => true)],
      };
    },
    load() {
      const generator = new libtorch.Generator(seed);
      const table = libtorch.keep(libtorch.scope(() => libtorch.randn([64, width], { generator })));
      generator.dispose();
      return {
        embed: ({ ids }) => table.indexSelect(0, libtorch.tensor(ids, { dtype: 'int64' })).unsqueeze(0),
        dispose: () => table.dispose(),
      };
    },
  };
}

function toyWeights({ seed, layers, width, device, dtype }, { Generator, keep, randn, scope }) {
  const generator = new Generator(seed + 1);
  const matrix = (inputs, outputs) =>
    keep(
      scope(() =>
        randn([inputs, outputs], { generator })
          .mul(1 / Math.sqrt(inputs))
          .to(dtype, device),
      ),
    );
  const square = () => matrix(width, width);
  const block = () => ({ q: square(), k: square(), v: square(), out: square() });
  const weights = {
    input: matrix(CHANNELS, width),
    time: matrix(1, width),
    blocks: Array.from({ length: layers }, () => ({ self: block(), cross: block() })),
    output: matrix(width, CHANNELS),
  };
  generator.dispose();
  return weights;
}

/** Frame 0 alone, then means of four frames; means of 8 × 8 pixels: [B, F, 3, h, w] */
function encode(clip_BCTHW, { cat }) {
  const [B, C, n, H, W] = clip_BCTHW.shape;
  const small = clip_BCTHW.reshape(B, C, n, H / PATCH, PATCH, W / PATCH, PATCH).mean([4, 6]);
  const rest = small.narrow(2, 1, n - 1).unflatten(2, [(n - 1) / PER_LATENT, PER_LATENT]);
  const latents = n > 1 ? cat([small.narrow(2, 0, 1), rest.mean(3)], 2) : small;
  return latents.permute(0, 2, 1, 3, 4).contiguous();
}

function decode(x_BFCHW) {
  const frames = x_BFCHW.permute(0, 2, 1, 3, 4).repeatInterleave(PER_LATENT, 2);
  const rest = frames.narrow(2, PER_LATENT - 1, frames.size(2) - PER_LATENT + 1);
  return rest.repeatInterleave(PATCH, 3).repeatInterleave(PATCH, 4);
}

/** One forward pass; it goes on with as many elements of the batch as the last tap returns. */
function denoise({ x: x_BFCHW, text: text_BTD, time, taps, weights, heads, libtorch }) {
  const { attention, scope } = libtorch;
  const [self, cross] = [taps.self ?? attention, taps.cross ?? attention];
  const [, F, C, h, w] = x_BFCHW.shape;
  const of = (x_BND) => x_BND.unflatten(-1, [heads, -1]).transpose(1, 2); // [B, heads, N, headDim]
  const joined = (x_BHND) => x_BHND.transpose(1, 2).flatten(2);
  let x_BSD = x_BFCHW
    .permute(0, 1, 3, 4, 2)
    .flatten(1, 3)
    .matmul(weights.input)
    .add(weights.time, time / 1000);
  for (const [layer, block] of weights.blocks.entries()) {
    // A layer's tensors, those of the taps included, live until the layer is done.
    x_BSD = scope(() => {
      const known = planted({ frames: F, locations: h * w, headDim: x_BSD.size(2) / heads }, x_BSD, libtorch);
      const qk = (y, weight, rows) => libtorch.cat([rows(y.size(0)), of(y.matmul(weight)).narrow(1, 1, heads - 1)], 1);
      const own = block.self;
      const seen = self(qk(x_BSD, own.q, known.selfQ), qk(x_BSD, own.k, known.selfK), of(x_BSD.matmul(own.v)), layer);
      const middle = x_BSD.add(joined(seen).matmul(own.out), 0.5);
      const other = block.cross;
      const told = cross(
        qk(middle, other.q, known.crossQ),
        qk(text_BTD, other.k, known.crossK),
        of(text_BTD.matmul(other.v)),
        layer,
      );
      return middle.narrow(0, 0, told.size(0)).add(joined(told).matmul(other.out), 0.5);
    });
  }
  const B = x_BSD.size(0);
  return x_BSD.matmul(weights.output).reshape(B, F, h, w, C).permute(0, 1, 4, 2, 3).contiguous();
}

/**
 * Queries and keys of head 0, [B, 1, N, headDim] for B elements. A place scores PLANTED.self with its own location in any
 * frame and 0 with others; a place of frame f scores PLANTED.cross with token f and 0 with others.
 */
function planted({ frames, locations, headDim }, { device, dtype }, { arange, eye, tensor }) {
  const scale = Math.sqrt(headDim);
  const unit = eye(headDim, headDim, { dtype, device });
  const rows = (numbers) => unit.indexSelect(0, numbers).unsqueeze(0).unsqueeze(0);
  const of = (numbers) => tensor(numbers, { dtype: 'int64', device });
  const places = Array.from({ length: frames * locations }, (_, s) => s);
  const location = rows(of(places.map((s) => s % locations)));
  const frame = rows(of(places.map((s) => Math.floor(s / locations))));
  const token = rows(arange(0, TEXT_TOKENS, 1, { dtype: 'int64', device }));
  const forAll = (x) => (B) => x.expand(B, ...x.shape.slice(1));
  return {
    selfQ: forAll(location.mul(PLANTED.self * scale)),
    selfK: forAll(location),
    crossQ: forAll(frame.mul(PLANTED.cross * scale)),
    crossK: forAll(token),
  };
}
