// A model file with another threshold; all else in it stays as it was written.
export function withThreshold(definition: string, threshold: number): string {
  if (definition.trimStart().startsWith('{')) {
    try {
      return JSON.stringify({...JSON.parse(definition) as object, threshold}, undefined, 2);
    } catch {
      return definition; // in the middle of being written
    }
  }
  const line = `threshold: ${threshold}`;
  return /^threshold:.*$/m.test(definition) ? definition.replace(/^threshold:.*$/m, line) : `${definition.trimEnd()}\n${line}\n`;
}
