// A family of vision-language models from outside the project, as small as one can be that trains, aligns, generates and
// evaluates; docs/guides/add-a-vlm.md walks through it. Each frame is seen as 2 × 2 patches, a patch as its mean colour; a
// linear layer makes visual tokens of colours, and a decoder of Qwen2's form reads them.
//   motion-enhancer train --plugin toy-vlm.mjs --vlm DIR …
export default function register({ core, models, libtorch, support }) {
  core.registerVlmFamily(toyFamily({ core, models, libtorch, support }));
}

const SIDE = 2;
const COLOURS = 3;
const PREFIX = 'language.';
const HEAD = 'head.weight';

function toyFamily(host) {
  const { core } = host;
  return {
    id: 'toy_vlm',
    name: 'Toy-VLM',
    modelTypes: ['toy_vlm'],
    examples: [],
    traits: { frames: 'count', prompts: 'general' },
    ownSettings: [],
    readConfig: (raw, file) => readConfig(host, raw, file),
    size: (raw, file) => sizeOf(readConfig(host, raw, file)),
    stepFlops: ({ size }, { tokens, logits, media }) =>
      core.transformerFlops(size, { tokens, logits, patches: media.reduce((n, { pixels }) => n + pixels.size(0), 0) }),
    framesPerToken: () => 1,
    chooseFrames: (_, video, settings, span) =>
      core.framesByRule({ frames: 'count', framesPerToken: 1 }, video, settings, span),
    prepareMedium: (_, medium) => prepareMedium(host, medium),
    prepareTokens: (folder, messages, media, settings) => prepareTokens(host, folder, messages, media, settings),
    load: (folder, options) => loadToy(host, folder, options),
  };
}

/** The decoder's config under the names that the decoder pieces of `models` use. */
function readConfig({ models }, raw, file) {
  const reader = new models.ConfigReader(raw, file);
  const [hiddenSize, heads] = [reader.int('hidden_size'), reader.int('num_attention_heads')];
  return {
    imageTokenId: reader.int('image_token_id'),
    videoTokenId: reader.int('video_token_id'),
    text: {
      hiddenSize,
      intermediateSize: reader.int('intermediate_size'),
      numHiddenLayers: reader.int('num_hidden_layers', 1),
      numAttentionHeads: heads,
      numKeyValueHeads: heads,
      headDim: hiddenSize / heads,
      vocabSize: reader.int('vocab_size'),
      rmsNormEps: 1e-6,
      ropeTheta: 1e4,
      maxPositionEmbeddings: reader.int('max_position_embeddings', 2048),
      tieWordEmbeddings: true,
      mropeSection: null,
    },
  };
}

/** What memory plans and FLOP counts go by. */
function sizeOf({ text: t }) {
  const C = t.hiddenSize;
  const block = 4 * C * C + 3 * C + 3 * C * t.intermediateSize + 2 * C;
  return {
    vision: COLOURS * C + C,
    merger: 0,
    language: t.vocabSize * C + t.numHiddenLayers * block + C,
    vocabularyWeights: t.vocabSize * C,
    layers: t.numHiddenLayers,
    hidden: C,
    intermediate: t.intermediateSize,
    keyWidth: C,
    queryWidth: C,
    vocabulary: t.vocabSize,
    context: t.maxPositionEmbeddings,
    visionHidden: C,
    visionIntermediate: C,
    patchesPerToken: 1,
    patchWidth: COLOURS,
  };
}

/** Mean colours of 2 × 2 patches a frame: [frames · 4, 3]. */
function prepareMedium({ libtorch }, medium) {
  const frames_NCHW = medium.type === 'image' ? medium.image.unsqueeze(0) : medium.frames;
  const n = frames_NCHW.size(0);
  const pixels = libtorch.scope(() =>
    libtorch.aten
      .adaptive_avg_pool2d(frames_NCHW.to('float32').div(255), [SIDE, SIDE])
      .permute(0, 2, 3, 1)
      .reshape(n * SIDE * SIDE, COLOURS),
  );
  return {
    type: medium.type,
    pixels,
    grid: [n, SIDE, SIDE],
    frames: Array.from({ length: n }, (_, k) => [k, k]),
    seconds: medium.type === 'image' ? [0] : medium.seconds,
  };
}

/** The chat text and its tokens, with a token in the chat for each visual one. */
function prepareTokens({ models, support }, { config, tokenizer }, messages, media, { system }) {
  const { imageTokenId, videoTokenId, text } = config;
  const template = { imageTokenId, videoTokenId, text, vision: { spatialMergeSize: 1 } };
  const grids = media.map(({ grid }) => grid);
  const chat = models.tokenizeChat(tokenizer, template, messages, grids, { system: system ?? null });
  if (chat.ids.length > text.maxPositionEmbeddings)
    throw new support.UserError(
      `The chat has ${chat.ids.length} tokens, but the model takes at most ${text.maxPositionEmbeddings}. Take fewer frames.`,
      { code: 'ERR_CONTEXT' },
    );
  const places = ([start, end]) => Array.from({ length: end - start }, (_, i) => start + i);
  return {
    ...chat,
    media: media.map(({ type, grid }, i) => ({ type, positions: places(chat.visualSpans[i]), grid: [...grid] })),
    positions: null,
    rope: null,
  };
}

/** Names and shapes of all weights. */
export function toyShapes({ models }, { text }) {
  return new Map([
    ['vision.weight', [text.hiddenSize, COLOURS]],
    ['vision.bias', [text.hiddenSize]],
    ...models.qwen2Shapes(text, PREFIX, HEAD),
  ]);
}

function loadToy(host, { dir, config }, { device, dtype, trainable = false }) {
  const { models } = host;
  const checkpoint = models.openCheckpoint(dir);
  const reader = new models.WeightReader(checkpoint, { device, dtype });
  try {
    const shapes = [...toyShapes(host, config)];
    const parameters = new Map(shapes.map(([name, shape]) => [name, reader.get(name, shape)]));
    if (trainable) for (const parameter of parameters.values()) parameter.requiresGrad_();
    return toyModel(host, { dir, config, parameters, device, dtype });
  } catch (error) {
    reader.dispose();
    throw error;
  } finally {
    checkpoint.close();
  }
}

/** The computing part: encode, forward and logits are all that training and evaluation know of a model. */
function toyModel(host, { dir, config, parameters, device, dtype }) {
  const { models, libtorch } = host;
  const { cat, embedding, scope, tensor } = libtorch;
  const weights = models.qwen2Weights((name) => parameters.get(name), config.text, PREFIX, HEAD);
  const isVisual = (id) => id === config.imageTokenId || id === config.videoTokenId;

  const encode = (media) => {
    if (media.length === 0) return null;
    return scope(() => {
      const colours = cat(media.map(({ pixels }) => pixels.to(dtype, device)));
      const bias = parameters.get('vision.bias');
      return { tokens: colours.matmul(parameters.get('vision.weight').transpose(0, 1)).add(bias) };
    });
  };
  /** Token embeddings [1, N, C] with the visual ones in place. */
  const embed = (ids, visual) => {
    const text = embedding(tensor([[...ids]], { dtype: 'int64', device }), weights.embed_tokens);
    if (!visual) return text;
    const places = tensor(
      ids.flatMap((id, i) => (isVisual(id) ? [i] : [])),
      { dtype: 'int64', device },
    );
    return libtorch.aten.index_copy(text, 1, places, visual.tokens.unsqueeze(0));
  };
  const decode = (embeds, options) => {
    const past = options.cache?.length ?? 0;
    const positions = libtorch.arange(past, past + embeds.size(1), 1, { dtype: 'int64', device }).unsqueeze(0);
    return models.decodeLayers(embeds, weights, config.text, { ...options, positions });
  };
  const forward = ({ ids }, { visual = null, ...options } = {}) => scope(() => decode(embed(ids, visual), options));

  /** New tokens of one chat; a prompt that comes in chunks is embedded once. */
  const reply = (chat, options, row) =>
    libtorch.noGrad(() =>
      scope(() => {
        const prompt = embed(chat.ids, chat.visual ?? encode(chat.inputs));
        const step = ({ ids, past, cache }) => {
          const embeds = past < chat.ids.length ? prompt.narrow(1, past, ids[0].length) : embed(ids[0], null);
          return decode(embeds, { cache, logits: 'last' }).logits;
        };
        const onToken = options.onToken && ((id) => options.onToken(id, row));
        const given = { ...options, context: config.text.maxPositionEmbeddings, device, onToken };
        return models.generateSequences([chat.ids], given, step)[0];
      }),
    );

  return {
    model: {
      ...{ config, device, dtype },
      parameters: () => parameters,
      groupOf: (name) => (name.startsWith('vision.') ? 'vision' : 'llm'),
    },
    encode,
    forward,
    logits: (hidden) => hidden.matmul(weights.lm_head.transpose(0, 1)),
    generate: (chats, options) => chats.map((chat, row) => reply(chat, options, row)),
    save: (to, options) => models.saveLikeSource(to, { dir, parameters }, (stored) => stored, options),
    dispose() {
      for (const parameter of parameters.values()) parameter.dispose();
    },
  };
}
