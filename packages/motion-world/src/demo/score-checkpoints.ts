import { loadVlm } from '@motion-enhancer/core/internal/vlm/families/load.js';
import { cat, type DType, keep, noGrad, scope } from '@motion-enhancer/libtorch';
import type { Qwen25VL } from '@motion-enhancer/models';
import { repeatRuns } from '../run-axis/model.js';
import { answerRuns, scoresOf, type TypeScores } from '../runs/evaluate-runs.js';
import { choicesOf } from '../vlm/pretrain-samples.js';
import { OPTIONS } from '../vlm/samples.js';
import { worldData } from '../vlm/world-data.js';

/** How mini VLMs of one form answer the questions of the first test clips: each is one run of the same forward pass. */
export async function scoreCheckpoints<Name extends string>(
  folders: Readonly<Record<Name, string>>,
  clips: number,
  { device }: { device: string; dtype: DType },
  onProgress: (done: number, total: number) => void,
): Promise<{ scores: Record<Name, TypeScores>; questions: number }> {
  const names = Object.keys(folders) as Name[];
  const vlms = names.map((name) => loadVlm(folders[name], { device, dtype: 'float32' }));
  try {
    const { tokenizer } = vlms[0]!;
    const { config } = vlms[0]!.model as Qwen25VL;
    const range = { split: 'test', form: 'world', from: 0, count: clips } as const;
    const data = await worldData([range], (texts) => texts.flatMap(choicesOf), { config, tokenizer, device });
    const each = vlms.map((vlm) => repeatRuns(vlm.model.parameters(), 1, device));
    const parameters = noGrad(
      () =>
        new Map(
          [...each[0]!.keys()].map((name) => [
            name,
            keep(scope(() => cat(each.map((run) => run.get(name)!.detach())))),
          ]),
        ),
    );
    const options = { parameters, config, data, dtype: 'float32' as const, batchSize: 8, onProgress };
    const answers = answerRuns(options);
    const { samples } = data.samples;
    const scores = Object.fromEntries(names.map((name, i) => [name, scoresOf(answers[i]!, samples)]));
    for (const t of [...parameters.values(), ...each.flatMap((run) => [...run.values()])]) t.dispose();
    data.dispose();
    return { scores: scores as Record<Name, TypeScores>, questions: samples.length / OPTIONS };
  } finally {
    for (const vlm of vlms) vlm.dispose();
  }
}
