import { inspectDatabase, measurePlatform } from '../adapters/postgres/inspect-database.ts';
import { diagnoseDatabase, diagnoseQueue } from '../domain/doctor/diagnose-database.ts';
import { broken, type Diagnosis } from '../domain/doctor/diagnosis.ts';
import { type DoctorPlace, SILENT_LOG } from './doctor-place.ts';
import type { DoctorCheck } from './run-checks.ts';

export function databaseChecks(place: DoctorPlace): DoctorCheck[] {
  return [
    { name: 'database', title: 'Database', run: async () => diagnoseDatabase(await inspect(place)) },
    { name: 'queue', title: 'Queue', run: () => checkQueue(place) },
  ];
}

function inspect({ config, timeoutMs }: DoctorPlace) {
  return inspectDatabase(config.databaseUrl, timeoutMs);
}

async function checkQueue(place: DoctorPlace): Promise<Diagnosis> {
  const { pending } = await inspect(place);
  if (pending.length === 0) return diagnoseQueue(await measurePlatform(place.config.databaseUrl, SILENT_LOG));
  const problem = broken(
    'The tables of the queue are not up to date.',
    'npx mcp-hosting migrate   # with DATABASE_URL',
  );
  return { found: 'not set up', problems: [problem] };
}
