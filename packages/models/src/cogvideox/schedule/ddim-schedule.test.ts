import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { liveTensors, randn, scope, type Tensor, tensor } from '@motion-enhancer/libtorch';
import { DdimSchedule } from './ddim-schedule.js';
import { COGVIDEOX_SCHEDULE, readScheduleConfig } from './schedule-config.js';

interface Case {
  timesteps: number[];
  inverse_timesteps: number[];
  alphas_cumprod: number[];
  x: number[];
  v: number[];
  forward: number[][];
  inverse: number[][] | null;
}
const path = new URL('../../../../../test/fixtures/reference/schedule.json', import.meta.url);
const CASES: Record<string, Case> = JSON.parse(readFileSync(path, 'utf8'));
const near = (ours: number, reference: number, tolerance: number, what = '') =>
  assert.ok(Math.abs(ours - reference) <= tolerance, `${what} ${ours} ≠ ${reference}`);
const schedule = new DdimSchedule();

for (const [name, c] of Object.entries(CASES))
  test(`${name}: levels, ᾱ, forward and inverse steps equal the reference`, () => {
    const before = liveTensors();
    const [snrShiftScale, steps] = /^snr(\d)_steps(\d+)$/.exec(name)!.slice(1).map(Number) as [number, number];
    const s = new DdimSchedule({ snrShiftScale });
    assert.deepEqual(s.timesteps(steps), c.timesteps);
    assert.deepEqual(s.inverseTimesteps(steps), c.inverse_timesteps);
    scope(() => {
      const [x, v] = [c.x, c.v].map((values) => tensor(values, { dtype: 'float64' })) as [Tensor, Tensor];
      for (const [i, t] of c.timesteps.entries()) {
        near(s.alphaBar(t), c.alphas_cumprod[i]!, 1e-12, `ᾱ ${t}`);
        const down = s.step(v, t, x, steps).toArray();
        for (const [j, value] of down.entries()) near(value, c.forward[i]![j]!, 1e-10, `forward ${t}`);
      }
      // The reference's inverse scheduler keeps its table in float32.
      for (const [i, t] of (c.inverse ? c.inverse_timesteps : []).entries())
        for (const [j, value] of s.inverseStep(v, t, x, steps).toArray().entries())
          near(value, c.inverse![i]![j]!, 1e-4, `inverse ${t}`);
    });
    assert.equal(liveTensors(), before);
  });

test('ᾱ equals independently computed values', () => {
  const values: [number, number][] = [
    [1, 0.998233446140182],
    [99, 0.888085894794318],
    [199, 0.738700107422001],
    [399, 0.393544057504278],
    [499, 0.242359166556145],
    [799, 0.0178831638727045],
    [998, 1.96788805662129e-7],
  ];
  for (const [t, value] of values) near(schedule.alphaBar(t), value, 1e-13);
  assert.equal(schedule.alphaBar(999), 0);
  assert.equal(schedule.alphaBar(-1), 1);
  const plain = new DdimSchedule({ rescaleBetasZeroSnr: false });
  near(plain.alphaBar(199), 0.755238361158119, 1e-13);
  near(plain.alphaBar(999), 0.00466009851307724, 1e-13);
});

test('steps are the known rotations; their angles add up to a right angle', () => {
  const known: [number, number, number][] = [
    [999, 0.9910180806258256, 0.1337279472388047],
    [799, 0.9731119617460161, 0.2303326071289519],
    [599, 0.9518528961828242, 0.3065551565842103],
    [399, 0.9372552362132347, 0.348643976272176],
  ];
  for (const [t, c, s] of known) {
    const forward = schedule.coefficients(t, 5);
    near(forward.x, c, 1e-12);
    near(forward.v, -s, 1e-12);
    const inverse = schedule.inverseCoefficients(t, 5);
    near(inverse.x, c, 1e-12);
    near(inverse.v, s, 1e-12);
  }
  near(schedule.coefficients(499, 2).v, -0.8704256622, 1e-10);
  for (const steps of [1, 2, 3, 5, 7, 10, 50]) {
    const angles = schedule.timesteps(steps).map((t) => {
      const { x, v } = schedule.coefficients(t, steps);
      near(x * x + v * v, 1, 1e-12);
      return Math.atan2(-v, x);
    });
    // The last step ends at the clean level only where ⌊1000 / steps⌋ reaches below 0.
    if (1000 % steps === 0)
      near(
        angles.reduce((a, b) => a + b, 0),
        Math.PI / 2,
        1e-9,
      );
  }
});

test('a rotation equals the textbook form a x + b x₀', () => {
  for (const t of schedule.timesteps(5)) {
    const [at, ap] = [schedule.alphaBar(t), schedule.alphaBar(t - 200)];
    const a = Math.sqrt((1 - ap) / (1 - at));
    const b = Math.sqrt(ap) - Math.sqrt(at) * a;
    const { x, v } = schedule.coefficients(t, 5);
    near(x, a + b * Math.sqrt(at), 1e-12);
    near(v, -b * Math.sqrt(1 - at), 1e-12);
  }
});

test('with the true v, inversion noises and the forward step cleans', () => {
  const before = liveTensors();
  scope(() => {
    const [x0, noise] = [0, 1].map(() => randn([3, 5], { dtype: 'float64' })) as [Tensor, Tensor];
    const trueV = (t: number) => {
      const abar = schedule.alphaBar(t);
      return noise.mul(Math.sqrt(abar)).sub(x0.mul(Math.sqrt(1 - abar)));
    };
    const worst = (a: Tensor, b: Tensor) => a.sub(b).abs().max().item();
    for (const t of schedule.inverseTimesteps(5)) {
      const below = t - 200;
      const low = below < 0 ? x0 : schedule.addNoise(x0, noise, below);
      const high = schedule.addNoise(x0, noise, t);
      // The conversion is at the level below, whatever level the model was told.
      assert.ok(worst(schedule.inverseStep(trueV(below), t, low, 5), high) < 1e-12);
      assert.ok(worst(schedule.step(trueV(t), t, high, 5), low) < 1e-12);
    }
    const half = schedule.step(noise.to('float32'), 399, x0.to('bfloat16'), 5);
    assert.equal(half.dtype, 'bfloat16');
  });
  assert.equal(liveTensors(), before);
});

test('other spacings, and what cannot be', () => {
  assert.deepEqual(new DdimSchedule({ timestepSpacing: 'leading', stepsOffset: 1 }).timesteps(4), [751, 501, 251, 1]);
  assert.deepEqual(new DdimSchedule({ timestepSpacing: 'linspace' }).timesteps(3), [999, 500, 0]);
  for (const steps of [0, 1001, 2.5]) assert.throws(() => schedule.timesteps(steps), /Expected 1 to 1000 for steps/);
  assert.throws(() => schedule.alphaBar(1000), /Expected a whole level up to 999 for timestep but received 1000/);
});

test('scheduler_config.json: read, and refused when it is another scheduler', () => {
  const raw = {
    _class_name: 'CogVideoXDPMScheduler',
    rescale_betas_zero_snr: true,
    snr_shift_scale: 1,
    timestep_spacing: 'linspace',
  };
  assert.deepEqual(readScheduleConfig(raw, 'f'), COGVIDEOX_SCHEDULE);
  assert.equal(readScheduleConfig({ _class_name: 'CogVideoXDDIMScheduler' }, 'f').snrShiftScale, 3);
  assert.throws(
    () => readScheduleConfig({ _class_name: 'EulerDiscreteScheduler' }, 'f.json'),
    /Expected CogVideoXDDIMScheduler or CogVideoXDPMScheduler for _class_name in f.json but received "Euler/,
  );
  assert.throws(() => readScheduleConfig({ ...raw, prediction_type: 'epsilon' }, 'f'), /prediction_type in f/);
  // Found by the torture: a negative number of levels was an internal error.
  for (const [field, value] of [
    ['num_train_timesteps', -1],
    ['num_train_timesteps', 0],
    ['beta_start', 0],
    ['beta_end', 1],
    ['snr_shift_scale', -1],
  ] as const)
    assert.throws(() => readScheduleConfig({ ...raw, [field]: value }, 'f'), {
      code: 'ERR_CONFIG',
      message: new RegExp(`for ${field} in f but received ${value}`),
    });
});
