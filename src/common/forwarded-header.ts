/** Says that a request was handed over by another replica, and from which address it came. It goes no further. */
export const FORWARDED_HEADER = 'x-gatehouse-forwarded';
