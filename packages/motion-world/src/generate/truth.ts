// Where things are in a scene and how they are drawn, for those who check what a frame gives away or shows.
export { poseAt } from './pose.js';
export { viewAt } from './render.js';
export { OUTLINES, REACH, SHADES } from './shapes.js';
