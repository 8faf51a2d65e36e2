import { describeDefault, flagOf, OPTION_SECTIONS, variableOf } from '../src/options.ts';

/** Where the generated part of a document begins and ends. */
const BEGIN = '<!-- options: written by UPDATE_GOLDEN=1 npm test -- wrapper/test/option-documents.test.ts -->';
const END = '<!-- /options -->';

/** The document with the option tables of now in the place of the ones it has. @throws where it has none */
export function replaceOptionTables(document: string, level: '##' | '###'): string {
  const begin = document.indexOf(BEGIN);
  const end = document.indexOf(END);
  if (begin < 0 || end < begin) throw new Error('Cannot write the option tables: the document has no marks for them');
  return `${document.slice(0, begin)}${BEGIN}\n\n${renderOptionTables(level)}\n\n${document.slice(end)}`;
}

function renderOptionTables(level: string): string {
  const sections = Object.entries(OPTION_SECTIONS).map(([title, specs]) => {
    const rows = Object.entries(specs).map(([name, spec]) => {
      const isSwitch = typeof spec.defaultValue === 'boolean';
      const flag = isSwitch ? flagOf(name) : `${flagOf(name)} ${spec.placeholder}`;
      const cells = [`\`${flag}\``, `\`${variableOf(name)}\``, describeDefault(spec), spec.help];
      return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
    });
    return [`${level} ${title}`, '', '| option | variable | default | |', '| --- | --- | --- | --- |', ...rows].join(
      '\n',
    );
  });
  return sections.join('\n\n');
}
