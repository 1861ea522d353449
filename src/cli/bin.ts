#!/usr/bin/env node
// Nothing is imported before the runtime is known to be new enough: what an older one says instead helps nobody.
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);

if (major > 22 || (major === 22 && minor >= 22)) {
  await import("./main.ts");
} else {
  console.error(
    `finwait: needs Node.js 22.22 or later; this is ${process.versions.node}. In a clone, \`npm start\` and \`npm run finwait -- …\` bring their own.`,
  );
  process.exitCode = 2;
}

export {};
