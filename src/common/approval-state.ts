/** How the `requestState` begins that the gateway itself hands out for an approval: none of an upstream is taken for it. */
export const APPROVAL_STATE_PREFIX = 'gatehouse-approval:';
