// Links every module of the page, without running it: a name imported twice, or that nobody exports, is named.

import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { SourceTextModule } from "node:vm";

const root = resolve(process.argv[2]);
const modules = new Map();

function load(path) {
  if (!modules.has(path)) {
    const options = { identifier: path, importModuleDynamically: () => Promise.reject(new Error("not run")) };
    modules.set(path, new SourceTextModule(readFileSync(path, "utf8"), options));
  }
  return modules.get(path);
}

const wrong = [];
for (const each of readdirSync(root, { recursive: true })) {
  if (!each.endsWith(".js")) continue;
  try {
    const found = load(join(root, each));
    if (found.status === "unlinked") {
      await found.link((specifier, { identifier }) => load(resolve(dirname(identifier), specifier)));
    }
  } catch (error) {
    wrong.push(`${each}: ${error.message}`);
  }
}
console.log(wrong.join("\n"));
process.exitCode = wrong.length === 0 && modules.size > 1 ? 0 : 1;
