import { bytesOf, noGrad, rngState, scope, setRngState, tensor } from '@motion-enhancer/libtorch';

const devicesOf = (device: string) => (device === 'cpu' ? ['cpu'] : ['cpu', device]);

/** States of libtorch's default generators, as text. */
export function saveGenerators(device: string): Record<string, string> {
  return noGrad(() =>
    scope(() =>
      Object.fromEntries(devicesOf(device).map((d) => [d, Buffer.from(bytesOf(rngState(d))).toString('base64')])),
    ),
  );
}

export function loadGenerators(states: Readonly<Record<string, string>>): void {
  for (const [device, text] of Object.entries(states))
    scope(() => setRngState(tensor([...Buffer.from(text, 'base64')], { dtype: 'uint8' }), device));
}
