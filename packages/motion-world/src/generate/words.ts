/** Every word of captions, questions, options and statements, in lower case. */
export const VOCABULARY: readonly string[] = (
  'a an and are bar blue by camera circle colour corner cross cyan do does down first four green grows hop hops how in ' +
  'is it itself left lower many moon move moves none of on once one orange out pans pink red right ring shape shrinks ' +
  'sideways slide slides spins square star stay stays still stops straight sway sways the them then there thing things ' +
  'three times triangle turns twice two up upper waits way what where which white yellow zooms'
).split(' ');
