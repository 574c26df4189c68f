import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { freshSeed, randomSource } from '@motion-enhancer/support/testing';
import { colormap, overlay, resizeHeat } from './heatmap.js';

const RANDOM = randomSource(freshSeed());

const lightness = ([r, g, b]: number[]) => 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;

describe('colormap', () => {
  it('runs from near black to pale yellow, brighter at every step', () => {
    assert.deepEqual(colormap(0), [0, 0, 4]);
    assert.deepEqual(colormap(1), [252, 255, 164]);
    const steps = Array.from({ length: 65 }, (_, i) => lightness(colormap(i / 64)));
    for (let i = 1; i < steps.length; i++) assert.ok(steps[i]! > steps[i - 1]!, `step ${i}`);
  });

  it('clamps what lies outside of [0, 1]', () => {
    assert.deepEqual(colormap(-3), colormap(0));
    assert.deepEqual(colormap(7), colormap(1));
    assert.deepEqual(colormap(Number.NaN), colormap(0));
  });
});

describe('resizeHeat', () => {
  it('leaves a map of the same size as it is', () => {
    const data = Float32Array.from({ length: 12 }, () => RANDOM.next());
    assert.deepEqual(resizeHeat({ width: 4, height: 3, data }, 4, 3).data, data);
  });

  it('interpolates with half-pixel centres', () => {
    // torch.nn.functional.interpolate(tensor([[[0., 1.]]]), 4, mode='linear', align_corners=False)
    const { data } = resizeHeat({ width: 2, height: 1, data: new Float32Array([0, 1]) }, 4, 1);
    assert.deepEqual([...data], [0, 0.25, 0.75, 1]);
  });

  it('keeps the mean at whole ratios and the bounds always', () => {
    const data = Float32Array.from({ length: 15 }, () => RANDOM.next());
    const large = resizeHeat({ width: 5, height: 3, data }, 37, 29).data;
    assert.ok(Math.max(...large) <= Math.max(...data) + 1e-6 && Math.min(...large) >= Math.min(...data) - 1e-6);
    const flat = resizeHeat({ width: 3, height: 3, data: new Float32Array(9).fill(0.375) }, 10, 8).data;
    assert.ok(flat.every((value) => value === 0.375));
  });
});

describe('overlay', () => {
  const frame = { width: 6, height: 4, data: Uint8Array.from({ length: 72 }, (_, i) => (i * 37) % 256) };
  const heat = { width: 3, height: 2, data: Float32Array.from([0, 0.2, 0.4, 0.6, 0.8, 1]) };

  it('gives the frame at alpha 0 and the colours at alpha 1', () => {
    assert.deepEqual(overlay(frame, heat, 0), frame);
    const colours = overlay(frame, { width: 6, height: 4, data: new Float32Array(24).fill(0.5) }, 1);
    for (let i = 0; i < 24; i++) assert.deepEqual([...colours.data.subarray(i * 3, i * 3 + 3)], colormap(0.5));
  });

  it('mixes half and half at alpha 0.5, and does not change the frame', () => {
    const before = frame.data.slice();
    const mixed = overlay(frame, { width: 1, height: 1, data: new Float32Array([1]) }, 0.5);
    assert.deepEqual(
      [...mixed.data.subarray(0, 3)],
      colormap(1).map((colour, channel) => Math.round((colour + frame.data[channel]!) / 2)),
    );
    assert.deepEqual(frame.data, before);
  });

  it('names what does not fit', () => {
    assert.throws(() => overlay(frame, heat, 1.5), /Expected a number from 0 to 1 for alpha but received 1\.5\./);
    assert.throws(
      () => overlay({ ...frame, width: 5 }, heat),
      /Expected 60 bytes for data of the frame but received 72\./,
    );
    assert.throws(() => overlay(frame, { ...heat, height: 3 }), /Expected 3 × 3 values for data of the heat map/);
  });
});
