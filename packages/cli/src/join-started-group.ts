import { deviceOfRank } from '@motion-enhancer/core/internal/parallel/device-of-rank.js';
import {
  joinGroup,
  type ProcessGroup,
  readGroupEnvironment,
  resolveDevice,
  useDevice,
} from '@motion-enhancer/libtorch';

/** The group that this process was started in, by a launcher or by `--gpus`; of one process alone it costs nothing. */
export async function joinStartedGroup(values: { device: string; groupTimeout: number }): Promise<ProcessGroup> {
  const place = readGroupEnvironment();
  if (place.size === 1) return joinGroup(place);
  const device = deviceOfRank(values.device, place.localRank);
  useDevice(resolveDevice(device));
  return joinGroup({ ...place, device, timeoutMs: 1000 * values.groupTimeout });
}
