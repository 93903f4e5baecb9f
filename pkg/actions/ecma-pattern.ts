/**
 * A declared pattern (RE2 syntax) as the expression of JSON Schema's `pattern` (ECMA-262, flag `u`) that finds the same.
 *
 * Knows what both have: characters, classes, groups, anchors, repetition. Of the rest (flags, POSIX and Unicode classes)
 * it says that it cannot, and a description then names the pattern in words.
 */
interface Reader {
  readonly text: string;
  at: number;
}

const give = (): never => {
  throw new SyntaxError('no counterpart');
};

const space = String.raw`\t\n\f\r `;
const controls: Readonly<Record<string, string>> = { a: '\x07', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' };

/** One character, written so that validators of other languages read it alike. */
const literal = (character: string, inClass = false): string => {
  if (/[$^\\.*+?()[\]{}|/]/.test(character) || (inClass && character === '-')) return `\\${character}`;
  const code = character.charCodeAt(0);
  return code < 0x20 || code === 0x7f ? `\\x${code.toString(16).padStart(2, '0')}` : character;
};

/** Takes what `form` (sticky) finds here. */
const take = (reader: Reader, form: RegExp): RegExpExecArray | undefined => {
  form.lastIndex = reader.at;
  const found = form.exec(reader.text);
  if (!found) return undefined;
  reader.at += found[0].length;
  return found;
};

/** An escape or a plain character that stands for exactly one. */
const takeCharacter = (reader: Reader): string | undefined => {
  const hex = take(reader, /\\x(?:([0-9A-Fa-f]{2})|\{([0-9A-Fa-f]{1,6})\})/y);
  if (hex) return String.fromCodePoint(Number.parseInt(hex[1] ?? hex[2] ?? '', 16));
  const control = take(reader, /\\([afnrtv])/y);
  if (control) return controls[control[1] ?? ''];
  return take(reader, /\\([!-/:-@[-`{-~])/y)?.[1] ?? take(reader, /[^\\]/uy)?.[0];
};

/** The inside of a class, up to its bracket. */
const takeClass = (reader: Reader): string => {
  let out = `[${take(reader, /\^/y) ? '^' : ''}`;
  for (let first = true; first || !take(reader, /\]/y); first = false) {
    if (take(reader, /\[:/y) || reader.at >= reader.text.length) give();
    const perl = take(reader, /\\([dDwWs])/y)?.[1];
    if (perl !== undefined) {
      out += perl === 's' ? space : `\\${perl}`;
      continue;
    }
    const from = takeCharacter(reader) ?? give();
    out += literal(from, true);
    if (!take(reader, /-(?!\])/y)) continue;
    out += `-${literal(takeCharacter(reader) ?? give(), true)}`;
  }
  return `${out}]`;
};

/** What may be repeated, but for groups. */
const takeAtom = (reader: Reader): string | undefined => {
  const perl = take(reader, /\\([dDwWsS])/y)?.[1];
  if (perl === 's') return `[${space}]`;
  if (perl === 'S') return `[^${space}]`;
  if (perl !== undefined) return `\\${perl}`;
  if (take(reader, /\./y)) return String.raw`[^\n]`;
  if (take(reader, /\[/y)) return takeClass(reader);
  // Stands for itself nowhere: a group that is unknown here, or nothing to repeat.
  if (/[()*+?]/.test(reader.text.charAt(reader.at))) return undefined;
  const character = takeCharacter(reader);
  return character === undefined ? undefined : literal(character);
};

const repetition = /(?:[*+?]|\{\d+(?:,\d*)?\})\??/y;
const anchors: Readonly<Record<string, string>> = {
  '^': '^',
  $: '$',
  '\\A': '^',
  '\\z': '$',
  '\\b': '\\b',
  '\\B': '\\B',
};

const translate = (text: string): string => {
  const reader: Reader = { text, at: 0 };
  let out = '';
  while (reader.at < text.length) {
    const anchor = take(reader, /[$^]|\\[AzbB]/y)?.[0];
    if (anchor !== undefined) out += take(reader, repetition) ? give() : anchors[anchor];
    else if (take(reader, /\((?:\?:|\?P?<\w+>|(?!\?))/y)) out += '(?:';
    else if (take(reader, /\|/y)) out += '|';
    else {
      out += take(reader, /\)/y)?.[0] ?? takeAtom(reader) ?? give();
      out += take(reader, repetition)?.[0] ?? '';
    }
  }
  return out;
};

/** @param pattern  that RE2 takes
 * @returns undefined where it has no counterpart */
export const ecmaPattern = (pattern: string): string | undefined => {
  try {
    const translated = translate(pattern);
    new RegExp(translated, 'u');
    return translated;
  } catch {
    return undefined;
  }
};
