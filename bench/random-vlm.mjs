// Models of real size with random weights, made on the GPU, and prompts about a video: for the benches beside this file.
import * as T from '../packages/libtorch/dist/index.js';
import { InternVL3, readInternVL3Config } from '../packages/models/dist/internvl3/index.js';
import { parameterShapes as internShapes } from '../packages/models/dist/internvl3/weights.js';
import { positionsTensor, Qwen25VL, readQwen25VLConfig, ropeIndex } from '../packages/models/dist/qwen2-5-vl/index.js';
import { parameterShapes as qwenShapes } from '../packages/models/dist/qwen2-5-vl/weights.js';
import { MODEL_SIZES } from './model-sizes.mjs';

const text = (sizes) => ({
  hidden_act: 'silu',
  max_position_embeddings: 128000,
  rms_norm_eps: 1e-6,
  rope_theta: 1e6,
  ...sizes,
});
/** Language models' fields by size, of every VLM. */
export const SIZES = Object.fromEntries(
  Object.entries(MODEL_SIZES).flatMap(([name, sizes]) => (sizes.text ? [[name, text(sizes.text)]] : [])),
);

/** The config.json of a Qwen2.5-VL. */
export function qwenConfigOf(size) {
  const s = SIZES[size];
  return {
    ...s,
    architectures: ['Qwen2_5_VLForConditionalGeneration'],
    model_type: 'qwen2_5_vl',
    vision_start_token_id: 151652,
    vision_end_token_id: 151653,
    vision_token_id: 151654,
    image_token_id: 151655,
    video_token_id: 151656,
    rope_scaling: { type: 'mrope', mrope_section: [16, 24, 24] },
    vision_config: {
      ...MODEL_SIZES[size].vision,
      hidden_act: 'silu',
      in_chans: 3,
      out_hidden_size: s.hidden_size,
      patch_size: 14,
      spatial_merge_size: 2,
      spatial_patch_size: 14,
      window_size: 112,
      tokens_per_second: 2,
      temporal_patch_size: 2,
    },
  };
}

function internConfig(size) {
  return readInternVL3Config(
    {
      architectures: ['InternVLForConditionalGeneration'],
      model_type: 'internvl',
      downsample_ratio: 0.5,
      image_seq_length: 256,
      image_token_id: 151667,
      projector_hidden_act: 'gelu',
      tie_word_embeddings: false,
      vision_feature_layer: -1,
      vision_feature_select_strategy: 'default',
      text_config: { ...SIZES[size], model_type: 'qwen2' },
      vision_config: {
        ...MODEL_SIZES[size].vision,
        hidden_act: 'gelu',
        layer_norm_eps: 1e-6,
        norm_type: 'layer_norm',
        num_channels: 3,
        model_type: 'internvl_vision',
        attention_bias: true,
        image_size: [448, 448],
        patch_size: [14, 14],
        use_absolute_position_embeddings: true,
        use_mask_token: false,
        use_mean_pooling: true,
        use_qk_norm: false,
      },
    },
    'bench',
  );
}

/** Random parameters; those of norms are 1. @param edit changes a parameter's deviation by its name */
export function randomModel(size, device, dtype) {
  const qwen = size.startsWith('qwen');
  const config = qwen ? readQwen25VLConfig(qwenConfigOf(size), 'bench') : internConfig(size);
  T.manualSeed(0);
  const parameters = new Map();
  for (const [name, shape] of (qwen ? qwenShapes : internShapes)(config))
    parameters.set(
      name,
      T.scope(() => {
        if (/norm.*weight|ln_q/.test(name)) return T.keep(T.ones(shape, { device, dtype }));
        const deviation = shape.length === 1 ? 0.02 : Math.min(0.02, shape.at(-1) ** -0.5);
        return T.keep(T.randn(shape, { device, dtype }).mul(deviation));
      }),
    );
  const parts = { config, parameters, device, dtype, dir: '', form: qwen ? 'hub' : 'hf' };
  return qwen ? new Qwen25VL(parts) : new InternVL3(parts);
}

/**
 * A prompt with a video of random pixels. Qwen: frame pairs of 504 × 280 (180 tokens each), InternVL: frames of 448 × 448
 * (256 tokens each).
 * @returns ids, pixels, encode(), and what `forward` takes besides the visual embeddings
 */
export function promptOf(model, visualTokens, textTokens = 278) {
  const { config, device } = model;
  const qwen = 'videoTokenId' in config;
  const perFrame = qwen ? 180 : 256;
  const count = Math.max(1, Math.round(visualTokens / perFrame));
  const before = Array.from({ length: 20 }, (_, i) => 1000 + i);
  const after = Array.from({ length: textTokens - 22 }, (_, i) => 5000 + 7 * i);
  const pad = qwen ? config.videoTokenId : config.imageTokenId;
  const ids = [...before, 151652, ...new Array(count * perFrame).fill(pad), 151653, ...after];
  if (qwen) {
    const grid = [count, 20, 36];
    const rope = ropeIndex(ids, [grid], [1], config);
    const pixels = T.keep(T.randn([count * 720, 1176], { device, dtype: model.dtype }));
    const positions_3BN = T.keep(T.scope(() => positionsTensor([rope.positions]).to('int64', device)));
    return {
      ids,
      rope,
      pixels,
      visualTokens: count * 180,
      encode: () => model.encodeVisual(pixels, [grid]),
      input: { ids: [ids], positions_3BN },
    };
  }
  const pixels = T.keep(T.randn([count, 3, 448, 448], { device, dtype: model.dtype }));
  return {
    ids,
    rope: { positions: [[], [], []], delta: 0 },
    pixels,
    visualTokens: count * 256,
    encode: () => model.encodeVisual(pixels),
    input: { ids: [ids] },
  };
}
