import type { DriverName } from "../../lab/driver/driver.ts";

/** Variables that name folders, programs and users of this machine, of which a container has none. */
const ofThisMachine =
  /^(PATH|HOME|USER|LOGNAME|SHELL|PWD|OLDPWD|TMP|TEMP|TMPDIR|HOSTNAME|MAIL|NODE|INIT_CWD|NODE_OPTIONS|NODE_PATH|NODE_EXTRA_CA_CERTS|NVM_.*|npm_.*|LD_.*|XDG_.*|SSH_.*|DBUS_.*|DISPLAY|DOCKER_.*)$/;

const containerPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** The whole environment of the subject, as NAME=value; `added` goes over what was given. */
export function environmentOf(
  driver: DriverName,
  given: Readonly<Record<string, string | undefined>>,
  added: Readonly<Record<string, string>> = {},
): readonly string[] {
  const own = Object.entries(given).filter(([name]) => driver === "netns" || !ofThisMachine.test(name));
  const base = driver === "netns" ? {} : { PATH: containerPath, HOME: "/root" };
  const whole = { ...base, ...Object.fromEntries(own), ...added };
  return Object.entries(whole).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]));
}
