import {
  describeDefault,
  flagOf,
  isSwitch,
  OPTION_SECTIONS,
  type OptionName,
  specOf,
  variableOf,
} from '../../src/config/options.ts';

/** Where the generated part of a document begins and ends. */
const BEGIN = '<!-- options: written by UPDATE_GOLDEN=1 npm test -- connect/test/config/option-documents.test.ts -->';
const END = '<!-- /options -->';

/** The document with the option tables of now in the place of the ones it has. @throws where it has none */
export function replaceOptionTables(document: string): string {
  const begin = document.indexOf(BEGIN);
  const end = document.indexOf(END);
  if (begin < 0 || end < begin) throw new Error('Cannot write the option tables: the document has no marks for them');
  return `${document.slice(0, begin)}${BEGIN}\n\n${renderOptionTables()}\n\n${document.slice(end)}`;
}

function renderOptionTables(): string {
  const sections = Object.entries(OPTION_SECTIONS).map(([title, specs]) => {
    const rows = (Object.keys(specs) as OptionName[]).map((name) => {
      const spec = specOf(name);
      const flag = isSwitch(name) ? flagOf(name) : `${flagOf(name)} ${spec.placeholder}`;
      const cells = [`\`${flag}\``, `\`${variableOf(name)}\``, `\`${name}\``, describeDefault(spec), spec.help];
      return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
    });
    const head = ['| option | variable | config file | default | |', '| --- | --- | --- | --- | --- |'];
    return [`### ${title}`, '', ...head, ...rows].join('\n');
  });
  return sections.join('\n\n');
}
