import { cuda } from '@motion-enhancer/libtorch';

/**
 * The device of one of several processes: its own GPU of the host, or the only one that its launcher lets it see.
 * @param asked as the user said; a device by number stays
 * @param gpus that this process sees
 */
export function deviceOfRank(asked: string, localRank: number, gpus: number = cuda().count): string {
  return (asked === 'auto' || asked === 'cuda') && gpus > 0 ? `cuda:${localRank % gpus}` : asked;
}
