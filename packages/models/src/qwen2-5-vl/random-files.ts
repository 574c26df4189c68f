import { QWEN2_5_ADDED_TOKENS } from '../tokenizers/index.js';
import { DEFAULT_SYSTEM } from './processing/chat-template.js';
import { preprocessorConfig, tokenizerConfig } from './processor-files.js';

/** @internal What lies beside the weights of a published checkpoint, for `writeRandomQwen25VL`. */
export function randomExtraFiles(seed: number): Record<string, string> {
  const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;
  return {
    'generation_config.json': json({
      bos_token_id: 151643,
      pad_token_id: 151643,
      do_sample: true,
      eos_token_id: [151645, 151643],
      repetition_penalty: 1.05,
      temperature: 0.000001,
      transformers_version: '4.49.0',
    }),
    'preprocessor_config.json': json(preprocessorConfig({ minPixels: 3136, maxPixels: 12845056, patchSize: 14 })),
    'chat_template.json': json({ chat_template: CHAT_TEMPLATE }),
    'tokenizer_config.json': json(tokenizerConfig(QWEN2_5_ADDED_TOKENS, 131072, { chat_template: CHAT_TEMPLATE })),
    'README.md': `# A random Qwen2.5-VL

The weights of this checkpoint are random numbers (seed ${seed}). They mean nothing: it answers noise. It exists to try
and test the machinery around a model of this layout. Made by MotionEnhancer (\`writeRandomQwen25VL\`).
`,
  };
}

/** The chat format as `chatSegments` writes it, in Jinja for transformers. */
const CHAT_TEMPLATE = [
  '{% set seen = namespace(image=0, video=0) %}{% for message in messages %}',
  `{% if loop.first and message.role != 'system' %}<|im_start|>system\n${DEFAULT_SYSTEM}<|im_end|>\n{% endif %}`,
  '<|im_start|>{{ message.role }}\n{% if message.content is string %}{{ message.content }}{% else %}',
  '{% for part in message.content %}',
  "{% if part.type == 'image' %}{% set seen.image = seen.image + 1 %}",
  '{% if add_vision_id %}Picture {{ seen.image }}: {% endif %}<|vision_start|><|image_pad|><|vision_end|>',
  "{% elif part.type == 'video' %}{% set seen.video = seen.video + 1 %}",
  '{% if add_vision_id %}Video {{ seen.video }}: {% endif %}<|vision_start|><|video_pad|><|vision_end|>',
  '{% else %}{{ part.text }}{% endif %}{% endfor %}{% endif %}<|im_end|>\n{% endfor %}',
  '{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}',
].join('');
