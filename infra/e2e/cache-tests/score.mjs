// Reads the results of the suite's runs from the files named; prints one line for each case that
// passed in none of them, as `kind id: what`, and then the score as `score kind passed of all`.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import path from 'node:path'

const suite = path.dirname(createRequire(import.meta.url).resolve('http-cache-tests/package.json'))
const load = async file => (await import(pathToFileURL(path.join(suite, 'tests', file)))).default
const groups = [...await load('index.mjs'), await load('surrogate-control.mjs')]
const runs = process.argv.slice(2).map(file => JSON.parse(readFileSync(file, 'utf8')))

const score = {}
for (const test of groups.flatMap(group => group.tests)) {
  if (test.browser_only) {
    continue
  }
  const kind = test.kind ?? 'required'
  score[kind] ??= { passed: 0, all: 0 }
  score[kind].all++
  if (runs.some(results => results[test.id] === true)) {
    score[kind].passed++
  } else {
    console.log(`${kind} ${test.id}: ${JSON.stringify(runs.map(results => results[test.id]))}`)
  }
}
for (const [kind, { passed, all }] of Object.entries(score)) {
  console.log(`score ${kind} ${passed} of ${all}`)
}
