/** A row's fields without the path of its control group. */
export interface CutGroup {
  readonly cgroup?: string;
  readonly before: string;
  readonly after: string;
}

const field = " cgroup:";
const lastMark = /( v6only:[01])? [<-]-[->]$/;
const markLength = " v6only:0 <->".length;

/**
 * Cuts ` cgroup:PATH` out of the fields that stand before `skmem:(…)`. Whoever makes a control group chooses its name,
 * blanks included, so the path ends where the kernel's own words certainly begin: at the mark like `<->` that is last.
 */
export function cutGroup(fields: string): CutGroup {
  const start = fields.indexOf(field);
  if (start < 0) return { before: fields, after: "" };
  const path = fields.slice(start + field.length);
  const mark = lastMark.exec(path.slice(-markLength))?.[0].length;
  const blank = path.indexOf(" ");
  const length = mark !== undefined ? path.length - mark : blank < 0 ? path.length : blank;
  return { cgroup: path.slice(0, length), before: fields.slice(0, start), after: path.slice(length) };
}
