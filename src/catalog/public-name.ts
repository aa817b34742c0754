/** What tools and prompts can be called on aggregate doors. */
export const PUBLIC_NAME = /^[A-Za-z0-9_.-]{1,128}$/;
