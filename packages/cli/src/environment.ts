// What the product's variables say, in the words of the libraries under it. Imported before those are loaded.
const binding = process.env.MOTION_ENHANCER_BINDING;
if (binding !== undefined) process.env.LIBTORCH_NODE_BINDING = binding;
