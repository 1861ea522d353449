import type { LeakCause } from "../../model/leak.ts";

/** What a cause is called, what it means to somebody who never read a TCP book, and how it is usually mended. */
export interface CauseWords {
  readonly title: string;
  readonly meaning: string;
  readonly mend: string;
}

export const causeWords: Readonly<Record<LeakCause, CauseWords>> = {
  "not-closed": {
    title: "the peer has closed, the program has not",
    meaning:
      "The other side said that it is done, and the program's runtime has taken that from the kernel. The socket now stays until the program closes it; no timer of the kernel ever will.",
    mend: "Call socket.end() or socket.destroy() on 'end'. With allowHalfOpen, or after an 'upgrade' or 'connect' event, nobody else does it for you. And read the socket ('data', resume() or pipe()): Node reads ahead, but without a reader 'end' never comes.",
  },
  "not-read": {
    title: "the peer has closed, the program does not read",
    meaning:
      "The other side has closed, but its last bytes or its end still wait in the kernel, because the program does not read this socket. It cannot learn of the end before it has read up to it.",
    mend: "Read every socket to its end: attach a 'data' listener, call resume(), or pipe it somewhere. Destroy the socket when you are not interested in the rest.",
  },
  "not-sent": {
    title: "the program's last bytes do not leave",
    meaning: "The other side has stopped taking what the program writes, so the connection can neither go on nor end.",
    mend: "Set a timeout for writing (socket.setTimeout() and destroy() on 'timeout'), and stop writing when the peer has closed.",
  },
  "half-closed": {
    title: "the program has ended, and waits for the peer to do so too",
    meaning:
      "end() closed only the program's own direction. While the program holds the descriptor, the kernel sets no timer: it stays like this as long as the other side likes.",
    mend: "After end(), give the peer a deadline: socket.setTimeout() and destroy() on 'timeout', or destroySoon() when nothing more is expected.",
  },
  "not-drained": {
    title: "the program stopped reading in the middle",
    meaning:
      "The other side has written more than the program reads, and has closed. Its end is stuck behind data that nobody takes, so the kernel still calls the connection established.",
    mend: "Consume or destroy what you do not want, the body of a request that a server answers unread as well as that of a response: request.resume(), response.resume(), stream.destroy(), pipeline() instead of pipe(), or cancel the web stream's reader.",
  },
  abandoned: {
    title: "the connection is gone, its descriptor is not",
    meaning:
      "The kernel has forgotten the connection (it was reset, or both sides ended), but the program still has its descriptor open. No tool that lists sockets shows it.",
    mend: "A socket that is paused or has no reader hears of no error: destroy it when its work is done, and set a timeout for the case that nothing comes.",
  },
  "kept-from-stopping": {
    title: "open connections keep the program from stopping",
    meaning:
      "The program was told to stop and no longer listens, but it waits for connections on which nothing is being asked.",
    mend: "After server.close(), give the connections a deadline of yours, and then call server.closeAllConnections(). closeIdleConnections() is not enough: a connection that has asked for nothing yet counts as active. For net servers, keep a set of the sockets and destroy those that are left.",
  },
};
