/** Topic of the changes of toolsets. */
export const TOOLSETS_CHANGED = 'toolsets.changed';
/** Name of the policy version that every write to a toolset moves. */
export const TOOLSETS_VERSION = 'toolsets';
