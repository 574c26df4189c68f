import { type Html, html } from './html.js';
import { lineChart } from './line-chart.js';
import { document, randomBanner, writePage } from './page-shell.js';
import { type PriorView, priorSection } from './prior-section.js';
import { type ResultSection, resultSection } from './result-section.js';
import { bar } from './tables.js';

/** A line of a training log. */
export interface TrainingPoint {
  step: number;
  lossAr: number;
  /** null where no sample of the step has a prior. */
  lossAlign: number | null;
  gradNorm: number;
  lr: number;
  tokensPerSecond: number;
}

export interface DemoPageData {
  title?: string;
  /** What was run, a paragraph each. */
  summary: readonly string[];
  /** Where anything had random weights, the page says so on top. */
  weights: 'trained' | 'random';
  /** Versions, device, date: name and value. */
  facts?: readonly (readonly [string, string])[];
  priors: readonly PriorView[];
  training: readonly TrainingPoint[];
  /** The same data without alignment, for comparison. */
  plainTraining?: readonly TrainingPoint[];
  results?: readonly ResultSection[];
  answers: readonly { prompt: string; video?: string; before: string; after: string }[];
  commands: readonly string[];
  timings: readonly { stage: string; seconds: number }[];
}

/**
 * Writes the demonstration as one HTML file: pictures inside, nothing fetched, whole without scripts.
 * @throws UserError `ERR_WRITE`
 */
export function writeDemoPage(path: string, data: DemoPageData): void {
  const { title = 'MotionEnhancer: the whole method in miniature' } = data;
  writePage(path, document(title, body(title, data)));
}

function body(
  title: string,
  {
    summary,
    weights,
    facts = [],
    priors,
    training,
    plainTraining = [],
    results = [],
    answers,
    commands,
    timings,
  }: DemoPageData,
): Html {
  return html`<h1>${title}</h1>
${summary.map((paragraph) => html`<p>${paragraph}</p>`)}
${randomBanner(weights)}
${facts.length > 0 && html`<dl>${facts.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`}
${priors.map((view, index) => priorSection(view, index + 1))}
${training.length > 0 && trainingSection(training, plainTraining)}
${results.map(resultSection)}
${answers.length > 0 && html`<h2>Answers</h2>${answers.map(answer)}`}
${timings.length > 0 && timingSection(timings)}
${commands.length > 0 && html`<h2>Commands</h2><p class="soft">What made this page, to run again or to change:</p><pre>${commands.join('\n')}</pre>`}`;
}

function trainingSection(log: readonly TrainingPoint[], plain: readonly TrainingPoint[]): Html {
  const curve = (title: string, of: (point: TrainingPoint) => number | null) => {
    const points = (entries: readonly TrainingPoint[]) => entries.map((point) => ({ x: point.step, y: of(point) }));
    return lineChart(
      title,
      points(log),
      plain.length > 0 ? { name: 'without alignment', points: points(plain) } : null,
    );
  };
  return html`<h2>Training</h2>
<p class="soft">${log.length} steps: the language loss L_AR (Eq 16), and the distance L_MSE between the model’s attention and the priors (Eq 15).</p>
<div class="grid wide">
${curve('L_AR', (point) => point.lossAr)}
${curve('L_MSE', (point) => point.lossAlign)}
${curve('gradient norm', (point) => point.gradNorm)}
${curve('learning rate', (point) => point.lr)}
${curve('tokens a second', (point) => point.tokensPerSecond)}
</div>`;
}

function answer({ prompt, video, before, after }: DemoPageData['answers'][number]): Html {
  return html`<blockquote>${prompt}${video !== undefined && html`<br><small>${video}</small>`}</blockquote>
<div class="grid wide">
<div class="card"><strong>before training</strong><pre>${before}</pre></div>
<div class="card"><strong>after training</strong><pre>${after}</pre></div>
</div>`;
}

function timingSection(timings: DemoPageData['timings']): Html {
  const longest = Math.max(...timings.map(({ seconds }) => seconds), 1e-9);
  const total = timings.reduce((sum, { seconds }) => sum + seconds, 0);
  return html`<h2>Time</h2>
<div class="table"><table><thead><tr><th scope="col">stage</th><th scope="col">seconds</th><th scope="col"></th></tr></thead><tbody>
${timings.map(({ stage, seconds }) => html`<tr><td>${stage}</td><td>${seconds.toFixed(2)}</td><td>${bar(seconds / longest, false, true)}</td></tr>\n`)}
<tr><td>in all</td><td>${total.toFixed(2)}</td><td></td></tr></tbody></table></div>`;
}
