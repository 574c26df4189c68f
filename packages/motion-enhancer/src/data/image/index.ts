export { contactSheet } from './contact-sheet.js';
export { colormap, type Heat, overlay, resizeHeat } from './heatmap.js';
export { decodePng, encodePng, type PngImage } from './png.js';
export { readImage } from './read-image.js';
export type { RgbImage } from './rgb-image.js';
