import type { Pattern, Shape } from './vocabulary.js';

/** Signed distance of a point to a shape's outline, about in radii; negative inside. All lie within 1.25 radii. */
export const OUTLINES: Readonly<Record<Shape, (x: number, y: number) => number>> = {
  circle: (x, y) => Math.sqrt(x * x + y * y) - 0.95,
  square: (x, y) => Math.max(Math.abs(x), Math.abs(y)) - 0.82,
  bar: (x, y) => Math.max(Math.abs(x) - 1.15, Math.abs(y) - 0.5),
  triangle: (x, y) => Math.max(y, 0.8660254 * Math.abs(x) - 0.5 * y) - 0.6,
  cross: (x, y) => {
    const [a, b] = [Math.abs(x), Math.abs(y)];
    return Math.min(Math.max(a - 1.08, b - 0.37), Math.max(b - 1.08, a - 0.37));
  },
  ring: (x, y) => Math.abs(Math.sqrt(x * x + y * y) - 0.76) - 0.28,
  star: (x, y) => {
    // Folded onto half a point: its edge runs from the tip at (R, 0) to the notch at 36°.
    const sector = (2 * Math.PI) / 5;
    const angle = Math.atan2(x, -y);
    const folded = Math.abs(angle - Math.round(angle / sector) * sector);
    const length = Math.sqrt(x * x + y * y);
    return (length * Math.cos(folded) - STAR.tip) * STAR.x + length * Math.sin(folded) * STAR.y;
  },
  moon: (x, y) => Math.max(Math.sqrt(x * x + y * y) - 1.05, 0.8 - Math.sqrt((x - 0.6) ** 2 + y * y)),
};

/** Tip of a star, and the outward normal of its edge. */
const STAR = ((tip: number, notch: number) => {
  const [dx, dy] = [notch * Math.cos(Math.PI / 5) - tip, notch * Math.sin(Math.PI / 5)];
  const length = Math.sqrt(dx * dx + dy * dy);
  return { tip, x: dy / length, y: -dx / length };
})(1.24, 0.58);

/** Radius, in radii, of a circle around every shape. */
export const REACH = 1.27;

/** How bright a pattern is at a point of the object, 0 (dark) to 1, with soft edges of `soft` radii. */
export const SHADES: Readonly<Record<Pattern, (x: number, y: number, soft: number) => number>> = {
  striped: (_x, y, soft) => edge(Math.cos(7 * y) / 7, soft),
  halved: (x, _y, soft) => edge(x + 0.1, soft),
  spotted: (x, y, soft) => edge(Math.sqrt((x - 0.4) ** 2 + (y + 0.25) ** 2) - 0.42, soft),
};

const edge = (distance: number, soft: number): number => Math.min(1, Math.max(0, 0.5 + distance / soft));
