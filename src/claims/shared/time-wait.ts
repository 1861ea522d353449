/** How long TIME-WAIT lasts: the kernel's TCP_TIMEWAIT_LEN, a constant. */
export const timeWaitMs = 60_000;
