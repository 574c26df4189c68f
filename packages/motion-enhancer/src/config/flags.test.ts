import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UserError } from '@motion-enhancer/support';
import type { Fields } from './field.js';
import { helpText, parseFlags } from './flags.js';

const FIELDS = {
  vdm: { type: 'path', default: '', text: 'Folder of the diffusion model' },
  learningRate: { type: 'number', default: 1e-5, text: 'Peak learning rate', paper: '1e-5' },
  bias: { type: 'number', default: 0, text: 'Bias', unit: 'pixels' },
  steps: { type: 'integer', default: 5, min: 1, text: 'DDIM steps', unit: 'steps' },
  resume: { type: 'boolean', default: true, text: 'Go on where it stopped' },
  noAudio: { type: 'boolean', default: false, text: 'Without sound' },
  init: { type: 'choice', choices: ['random', 'inverted'], default: 'random', text: 'Start' },
} as const satisfies Fields;

const values = (...argv: string[]) => parseFlags(FIELDS, argv).values;
const fails = (argv: string[], message: RegExp) =>
  assert.throws(
    () => parseFlags(FIELDS, argv),
    (e) => e instanceof UserError && message.test(e.message),
    argv.join(' '),
  );

test('both forms of a value; the last one counts; the rest stays in order', () => {
  const { values: v, rest } = parseFlags(FIELDS, [
    'a',
    '--vdm',
    'x',
    'b',
    '--learning-rate=2e-6',
    '--steps=3',
    '--steps',
    '4',
    '-h',
    '-',
  ]);
  assert.deepEqual([v.vdm, v.learningRate, v.steps], ['x', 2e-6, 4]);
  assert.deepEqual(rest, ['a', 'b', '-h', '-']);
});

test('values with = in them, empty ones, negative numbers', () => {
  assert.equal(values('--vdm=a=b').vdm, 'a=b');
  assert.equal(values('--vdm=').vdm, '');
  assert.equal(values('--vdm', '').vdm, '');
  assert.equal(values('--bias', '-2.5').bias, -2.5);
  assert.equal(values('--bias=-2.5').bias, -2.5);
  assert.equal(values('--vdm=--odd').vdm, '--odd');
});

test('booleans: on, off, spelt out; an option may begin with no-', () => {
  assert.equal(values('--resume').resume, true);
  assert.equal(values('--no-resume').resume, false);
  assert.equal(values('--resume=false').resume, false);
  assert.equal(values('--no-resume=false').resume, true);
  assert.equal(values('--no-resume=true').resume, false);
  assert.equal(values('--no-audio').noAudio, true);
  assert.equal(values('--no-no-audio').noAudio, false);
  // A boolean takes no next argument.
  assert.deepEqual(parseFlags(FIELDS, ['--resume', 'false']).rest, ['false']);
  fails(['--resume=maybe'], /Expected true or false for --resume but received "maybe"/);
});

test('-- ends the options', () => {
  const { values: v, rest } = parseFlags(FIELDS, ['--steps', '2', '--', '--steps', '9', '--']);
  assert.equal(v.steps, 2);
  assert.deepEqual(rest, ['--steps', '9', '--']);
});

test('what is wrong on a command line', () => {
  fails(['--steps'], /Expected an integer of at least 1 after --steps but received nothing/);
  fails(['--vdm', '--steps', '3'], /Expected a path after --vdm but received nothing/);
  fails(['--vdm', '--'], /Expected a path after --vdm/);
  fails(['--no-steps', '3'], /after --no-steps/);
  fails(['--steps', 'many'], /Expected an integer of at least 1 for --steps but received "many"/);
  fails(['--steps=0'], /for --steps/);
  fails(['--init', 'zero'], /one of random, inverted for --init/);
  fails(['--step', '3'], /no option --step\. Did you mean --steps\?/);
  fails(['--learningRate', '3'], /no option --learningRate/);
  fails(['--no-resum'], /no option --no-resum/);
  fails(['--constructor', '1'], /no option --constructor/);
  for (const argv of [['--steps'], ['--nothing']])
    assert.throws(
      () => parseFlags(FIELDS, argv),
      (e) => e instanceof UserError && e.code === 'ERR_USAGE',
    );
});

test('values from a file lie under those of the command line', () => {
  const base = { steps: 9, init: 'inverted' };
  const { values: v } = parseFlags(FIELDS, ['--steps', '2'], base);
  assert.deepEqual([v.steps, v.init, v.learningRate], [2, 'inverted', 1e-5]);
  assert.deepEqual(base, { steps: 9, init: 'inverted' });
  assert.throws(() => parseFlags(FIELDS, [], { stepz: 1 }), /no setting stepz.*steps/);
});

test('help: every option with what it takes, its unit, its default and the paper’s value', () => {
  const help = helpText(FIELDS);
  assert.match(help, /^ {2}--vdm PATH +Folder of the diffusion model$/m);
  assert.match(help, /--learning-rate X +Peak learning rate \(default 0\.00001; paper: 1e-5\)/);
  assert.match(help, /--steps N +DDIM steps \(in steps; default 5\)/);
  assert.match(help, /--init NAME +Start \(random \| inverted; default random\)/);
  assert.match(help, /--resume +Go on where it stopped \(default true\)/);
  assert.match(help, /--no-audio +Without sound$/m);
  // Texts begin in one column.
  const columns = help.split('\n').map((line) => line.search(/(?<= {2})\S[^-]/));
  assert.equal(new Set(columns).size, 1, help);
  const long = helpText({ aVeryLongNameThatDoesNotFitInTheColumn: { type: 'string', default: '', text: 'Text' } });
  assert.equal(long.split('\n').length, 2);
  assert.equal(helpText({}), '');
});

test('lists: an option several times, the order among several of them kept', () => {
  const fields = {
    image: { type: 'paths', default: [], text: 'Pictures' },
    video: { type: 'paths', default: [], text: 'Videos' },
    heat: { type: 'number', default: null, text: 'Heat' },
  } as const satisfies Fields;
  const argv = ['--video', 'a', '--image=b', '--video=c', 'rest'];
  const { values: given, order, rest } = parseFlags(fields, argv, { image: ['of a file'] });
  assert.deepEqual([given.video, given.image, given.heat, rest], [['a', 'c'], ['b'], null, ['rest']]);
  assert.deepEqual(order, [
    { name: 'video', value: 'a' },
    { name: 'image', value: 'b' },
    { name: 'video', value: 'c' },
  ]);
  assert.deepEqual(parseFlags(fields, [], { image: ['of a file'] }).values.image, ['of a file']);
  assert.match(helpText(fields), /--video PATH … +Videos \(may come several times\)\n +--heat X +Heat$/);
  assert.throws(() => parseFlags(fields, ['--video']), /Expected paths after --video but received nothing/);
});
