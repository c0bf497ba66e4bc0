import { createRequire } from 'node:module';

/** A part of the library's types, which are 1.8 MB: what is asked of it here. */
interface KustoLibrary {
  readonly KustoCode: { ParseAndAnalyze(text: string, globals: unknown): { GetDiagnostics(): BridgeList<Diagnostic> } };
  readonly GlobalState: { readonly Default: { WithDatabase(database: unknown): unknown } };
  readonly Symbols: {
    readonly TableSymbol: { From(schema: string): { WithName(name: string): unknown } };
    readonly DatabaseSymbol: { readonly $ctor1: new (name: string, members: readonly unknown[]) => unknown };
  };
}

interface BridgeList<T> {
  readonly Count: number;
  getItem(index: number): T;
}

interface Diagnostic {
  readonly Severity: string;
  readonly Code: string;
  readonly Message: string;
}

/** The columns that Azure Monitor documents for rows of Application Insights in a workspace. */
const COMMON =
  'TenantId:string, TimeGenerated:datetime, OperationName:string, OperationId:string, ParentId:string, ' +
  'AppRoleInstance:string, AppRoleName:string, AppVersion:string, ClientType:string, IKey:string, ItemCount:int, ' +
  'Properties:dynamic, ResourceGUID:string, SDKVersion:string, SourceSystem:string, Type:string, _ResourceId:string, ' +
  '_BilledSize:real, _IsBillable:string';

const TABLES: Readonly<Record<string, string>> = {
  AppTraces: `(${COMMON}, Message:string, SeverityLevel:int, ReferencedItemId:string, ReferencedType:string)`,
  AppRequests: `(${COMMON}, Id:string, Name:string, Url:string, Success:bool, ResultCode:string, DurationMs:real)`,
};

let library: KustoLibrary | null = null;

/** Microsoft's own parser and binder of the language, as Azure's query editor uses it. It puts itself into the global object. */
function loadLibrary(): KustoLibrary {
  const require = createRequire(import.meta.url);
  require('@kusto/language-service-next/bridge.min.js');
  require('@kusto/language-service-next/Kusto.Language.Bridge.min.js');
  const { Kusto } = globalThis as unknown as { readonly Kusto: { readonly Language: KustoLibrary } };
  return Kusto.Language;
}

/** What the language service has to say of a query against these tables; nothing where all is well. */
export function checkQuery(text: string): readonly string[] {
  library ??= loadLibrary();
  const { KustoCode, GlobalState, Symbols } = library;
  const tables = Object.entries(TABLES).map(([name, schema]) => Symbols.TableSymbol.From(schema).WithName(name));
  const database = new Symbols.DatabaseSymbol.$ctor1('workspace', tables);
  const found = KustoCode.ParseAndAnalyze(text, GlobalState.Default.WithDatabase(database)).GetDiagnostics();
  return Array.from({ length: found.Count }, (_, index) => found.getItem(index)).map(
    ({ Severity, Code, Message }) => `${Severity} ${Code}: ${Message}`,
  );
}
