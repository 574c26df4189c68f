// Where things are in a scene, for those who check what a frame gives away.
export { poseAt } from './pose.js';
export { viewAt } from './render.js';
