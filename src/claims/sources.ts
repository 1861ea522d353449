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

/** Known TCP Implementation Problems, March 1999. */
export function rfc2525(section: string): Source {
  return {
    title: "RFC 2525",
    section: `§${section}`,
    url: `https://www.rfc-editor.org/rfc/rfc2525#section-${section}`,
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
