import type { Source } from "../model/claim.ts";

/** The five teaching notes in which the statements were found; the wording of the claims is ours. */
export function notes(...names: readonly ("N0" | "N1" | "N2" | "N3" | "N4")[]): Source[] {
  return names.map((name) => ({ title: `Teaching note ${name}` }));
}

/** Transmission Control Protocol, August 2022. */
export function rfc9293(section: string): Source {
  return {
    title: "RFC 9293",
    section: `§${section}`,
    url: `https://www.rfc-editor.org/rfc/rfc9293#section-${section}`,
  };
}

/** Requirements for Internet Hosts, October 1989. */
export function rfc1122(section: string): Source {
  return {
    title: "RFC 1122",
    section: `§${section}`,
    url: `https://www.rfc-editor.org/rfc/rfc1122#section-${section}`,
  };
}

/** Computing TCP's Retransmission Timer, June 2011. */
export function rfc6298(section: string): Source {
  return {
    title: "RFC 6298",
    section: `§${section}`,
    url: `https://www.rfc-editor.org/rfc/rfc6298#section-${section}`,
  };
}

/** TIME-WAIT Assassination Hazards in TCP, May 1992. */
export function rfc1337(section: string): Source {
  return {
    title: "RFC 1337",
    section: `§${section}`,
    url: `https://www.rfc-editor.org/rfc/rfc1337#section-${section}`,
  };
}

/** Improving TCP's Robustness to Blind In-Window Attacks, August 2010. */
export function rfc5961(section: string): Source {
  return {
    title: "RFC 5961",
    section: `§${section}`,
    url: `https://www.rfc-editor.org/rfc/rfc5961#section-${section}`,
  };
}

/** Reducing the TIME-WAIT State Using TCP Timestamps, April 2011. */
export function rfc6191(section: string): Source {
  return {
    title: "RFC 6191",
    section: `§${section}`,
    url: `https://www.rfc-editor.org/rfc/rfc6191#section-${section}`,
  };
}

/** TCP Extensions for High Performance, September 2014. */
export function rfc7323(section: string): Source {
  return {
    title: "RFC 7323",
    section: `§${section}`,
    url: `https://www.rfc-editor.org/rfc/rfc7323#section-${section}`,
  };
}

/** Known TCP Implementation Problems, March 1999. */
export function rfc2525(section: string): Source {
  return {
    title: "RFC 2525",
    section: `§${section}`,
    url: `https://www.rfc-editor.org/rfc/rfc2525#section-${section}`,
  };
}

/** Defending against Sequence Number Attacks, February 2012. */
export function rfc6528(section: string): Source {
  return {
    title: "RFC 6528",
    section: `§${section}`,
    url: `https://www.rfc-editor.org/rfc/rfc6528#section-${section}`,
  };
}

/** TCP Selective Acknowledgment Options, October 1996. */
export function rfc2018(section: string): Source {
  return {
    title: "RFC 2018",
    section: `§${section}`,
    url: `https://www.rfc-editor.org/rfc/rfc2018#section-${section}`,
  };
}

/** The Addition of Explicit Congestion Notification (ECN) to IP, September 2001. */
export function rfc3168(section: string): Source {
  return {
    title: "RFC 3168",
    section: `§${section}`,
    url: `https://www.rfc-editor.org/rfc/rfc3168#section-${section}`,
  };
}

/** TCP Options and Maximum Segment Size (MSS), July 2012. */
export function rfc6691(section: string): Source {
  return {
    title: "RFC 6691",
    section: `§${section}`,
    url: `https://www.rfc-editor.org/rfc/rfc6691#section-${section}`,
  };
}

/** TCP Congestion Control, September 2009. */
export function rfc5681(section: string): Source {
  return {
    title: "RFC 5681",
    section: `§${section}`,
    url: `https://www.rfc-editor.org/rfc/rfc5681#section-${section}`,
  };
}

/** The net module of Node.js 24, by its page's anchor. */
export function nodeNet(anchor: string): Source {
  return {
    title: "Node.js v24 net",
    section: `#${anchor}`,
    url: `https://nodejs.org/docs/latest-v24.x/api/net.html#${anchor}`,
  };
}

/** The http module of Node.js 24, by its page's anchor. */
export function nodeHttp(anchor: string): Source {
  return {
    title: "Node.js v24 http",
    section: `#${anchor}`,
    url: `https://nodejs.org/docs/latest-v24.x/api/http.html#${anchor}`,
  };
}

/** HTTP/1.1, June 2022. */
export function rfc9112(section: string): Source {
  return {
    title: "RFC 9112",
    section: `§${section}`,
    url: `https://www.rfc-editor.org/rfc/rfc9112#section-${section}`,
  };
}

/** TCP Fast Open, December 2014. */
export function rfc7413(section: string): Source {
  return {
    title: "RFC 7413",
    section: `§${section}`,
    url: `https://www.rfc-editor.org/rfc/rfc7413#section-${section}`,
  };
}

/** On the Implementation of the TCP Urgent Mechanism, January 2011. */
export function rfc6093(section: string): Source {
  return {
    title: "RFC 6093",
    section: `§${section}`,
    url: `https://www.rfc-editor.org/rfc/rfc6093#section-${section}`,
  };
}

/** Linux's Documentation/networking/ip-sysctl.rst. */
export function ipSysctl(name: string): Source {
  return { title: "Linux ip-sysctl", section: name, url: "https://docs.kernel.org/networking/ip-sysctl.html" };
}

/** A page of Linux man-pages or iproute2, as "tcp(7)". */
export function manual(page: string, section?: string): Source {
  const [, name, chapter] = /^(.+)\((\d)\)$/.exec(page) ?? [];
  const url = `https://man7.org/linux/man-pages/man${chapter}/${name}.${chapter}.html`;
  return { title: page, ...(section === undefined ? {} : { section }), url };
}
