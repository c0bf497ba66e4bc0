/**
 * What the library takes from outside: the network, IMDS, clocks, chance, the chassis, the file system, the key store and
 * the process. Each can be replaced by the option `adapters`, so that tests hold the time and the disk in their own hands.
 * A replacement stands in for the whole member: to change one function of the clocks, spread the real ones.
 */
export interface Adapters {
  /** Reaches the licence service, and nothing else. Never used for IMDS. */
  readonly fetch: ServiceFetch;
  readonly requestImds: RequestImds;
  /** At least 0, below 1. */
  readonly random: () => number;
  readonly clocks: Clocks;
  readonly chassisTag: () => Promise<ChassisTag>;
  readonly files: Files;
  readonly process: ProcessFacts;
  /** Absent: private keys in files of the folder. */
  readonly keyStore?: KeyStore;
}

/** The part of `fetch` that is used: a request with `redirect: 'manual'` and a signal that ends it. */
export type ServiceFetch = (url: string, init: ServiceRequestInit) => Promise<Response>;

export interface ServiceRequestInit {
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly redirect: 'manual';
  readonly signal: AbortSignal;
}

/** One GET with `Metadata: true`: without a proxy, without following redirects. Never rejects. */
export type RequestImds = (request: ImdsRequest) => Promise<ImdsReply>;

export interface ImdsRequest {
  readonly url: string;
  /** For the whole answer. */
  readonly timeoutMs: number;
  /** Ends the request early; the reply is then `silent`. */
  readonly signal?: AbortSignal;
}

/** One answer of IMDS, or why there is none. */
export type ImdsReply =
  | { readonly kind: 'answer'; readonly status: number; readonly text: string }
  /** Nothing listens at the address. */
  | { readonly kind: 'refused' }
  /** The network has no way to the address. */
  | { readonly kind: 'no_route' }
  /** No answer in time, or the connection ended before one began. */
  | { readonly kind: 'silent' }
  /** An answer began and did not end, or was too long. */
  | { readonly kind: 'cut' };

export interface Clocks {
  /** The wall clock: milliseconds since the epoch. People and time synchronization set it. */
  readonly now: () => number;
  /** Milliseconds since any instant; never set. Waiting inside one check is measured with it. */
  readonly monotonic: () => number;
  /** Milliseconds since the machine booted, suspension included. */
  readonly uptime: () => number;
  /** Names this boot of the machine; undefined where the system has no such name. */
  readonly bootId: () => string | undefined;
  /** Resolves after so many milliseconds, and at once when the signal is aborted. Never rejects. */
  readonly sleep: (milliseconds: number, options?: SleepOptions) => Promise<void>;
  /** A signal that aborts after so many milliseconds. */
  readonly timeout: (milliseconds: number) => AbortSignal;
}

export interface SleepOptions {
  readonly signal?: AbortSignal;
  /** Does not keep the process alive: the long waits of `watch`. */
  readonly background?: boolean;
}

/** The asset tag of the chassis (SMBIOS type 3). An empty tag is a tag. */
export type ChassisTag = { readonly readable: true; readonly tag: string } | { readonly readable: false };

/**
 * The file-system calls that are used. They reject as Node's do, with a `code`. Nothing follows a symbolic link in the last
 * part of a path. Content and folder entries last through a power loss only after `sync` and `syncFolder`.
 */
export interface Files {
  readonly lstat: (path: string) => Promise<FileFacts>;
  /**
   * Reads a whole file through one descriptor: what is judged is what is read.
   *
   * @param limit octets; a larger file rejects with `EFBIG`
   * @param judge is shown the file's facts before its content is read; what it throws is the outcome
   */
  readonly read: (path: string, limit: number, judge: (facts: FileFacts) => void) => Promise<Uint8Array>;
  /** Creates a file with mode 0600. Rejects with `EEXIST` where the name is taken. */
  readonly create: (path: string) => Promise<NewFile>;
  /** Writes over the beginning of an existing file, in place and with one write where the system can. */
  readonly overwrite: (path: string, octets: Uint8Array) => Promise<void>;
  /** Replaces what stands at `to`. */
  readonly rename: (from: string, to: string) => Promise<void>;
  readonly unlink: (path: string) => Promise<void>;
  /** Creates one folder with mode 0700. */
  readonly mkdir: (path: string) => Promise<void>;
  /** Removes an empty folder. */
  readonly rmdir: (path: string) => Promise<void>;
  readonly readdir: (path: string) => Promise<readonly string[]>;
  /** Makes created, renamed and removed entries of a folder last. */
  readonly syncFolder: (path: string) => Promise<void>;
}

export interface NewFile {
  readonly write: (octets: Uint8Array) => Promise<void>;
  readonly sync: () => Promise<void>;
  readonly close: () => Promise<void>;
}

export interface FileFacts {
  readonly kind: 'file' | 'folder' | 'link' | 'other';
  readonly uid: number;
  /** The permission bits. */
  readonly mode: number;
  /** Octets. */
  readonly size: number;
  /** Milliseconds since the epoch. */
  readonly modifiedAt: number;
}

export interface ProcessFacts {
  /** The effective user; undefined where files have no such owner (Windows): then owner and mode are not judged. */
  readonly uid: number | undefined;
  readonly pid: number;
  /** Process ids are compared within one namespace alone; undefined: never. */
  readonly pidNamespace: string | undefined;
  /** Tells this process from another one under the same id, before or after it; opaque. */
  readonly start: string;
  /** Whether the process with this id and this `start` still runs. True where that cannot be told. */
  readonly isRunning: (pid: number, start: string) => boolean;
}

/**
 * Holds one P-256 key pair for each VM. The private half may lie where this process cannot read it (a TPM): all that is asked
 * of it is signatures.
 */
export interface KeyStore {
  /**
   * @param vmId lower-case UUID
   * @param options `create: false`: answers undefined where there is no key yet. Without it one is created, and lasts
   * through a power loss before it is returned. A store without that distinction may ignore it
   */
  readonly open: (vmId: string, options?: { readonly create?: boolean }) => Promise<KeyPair | undefined>;
}

export interface KeyPair {
  /** The public half; more members than these four are ignored. */
  readonly jwk: { readonly kty: 'EC'; readonly crv: 'P-256'; readonly x: string; readonly y: string };
  /** ES256 (RFC 7518 section 3.4) over these octets. @returns 64 octets: r, then s */
  readonly sign: (octets: Uint8Array) => Promise<Uint8Array>;
  /** Why the key must not be used for new licences. A licence in hand counts with it. */
  readonly fault?: 'key_exposed';
}
