import type { Action, Pose, SceneObject } from './scene.js';
import { DIRECTIONS } from './vocabulary.js';

/** What the actions have added at time u: shift, turn, log of the size. */
function moved(actions: readonly Action[], u: number): [x: number, y: number, angle: number, size: number] {
  const sum: [number, number, number, number] = [0, 0, 0, 0];
  actions.forEach((action, stage) => {
    const part = Math.min(1, Math.max(0, u * actions.length - stage));
    switch (action.kind) {
      case 'slide': {
        const { x, y } = DIRECTIONS[action.direction]!;
        sum[0] += x * action.distance * part;
        sum[1] += y * action.distance * part;
        break;
      }
      case 'spin':
        sum[2] += action.angle * part;
        break;
      case 'resize':
        sum[3] += action.amount * part;
        break;
      case 'sway': {
        const { x, y } = DIRECTIONS[action.direction]!;
        const swing = action.amplitude * Math.sin(2 * Math.PI * action.count * part + action.phase);
        sum[0] += x * swing;
        sum[1] += y * swing;
        break;
      }
      case 'hop':
        sum[1] -= action.height * Math.abs(Math.sin(Math.PI * action.count * part));
        break;
    }
  });
  return sum;
}

/** Where an object is at time u (0 to 1); its place and radius in the scene are those of u = ½. */
export function poseAt(object: SceneObject, u: number): Pose {
  const { actions } = object;
  if (actions.length === 0) return object;
  const now = moved(actions, u);
  const middle = moved(actions, 0.5);
  return {
    x: object.x + now[0] - middle[0],
    y: object.y + now[1] - middle[1],
    angle: object.angle + now[2],
    radius: object.radius * Math.exp(now[3] - middle[3]),
  };
}
