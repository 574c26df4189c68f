/** The reference was computed by transformers 5, which goes on after a video by its extent. */
export const REFERENCE_ROPE = { rounding: 'float', resume: 'extent' } as const;
