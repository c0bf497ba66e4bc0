/**
 * Loaded into a child process with `--import`: the child ends when its parent does. The parent holds the other end of
 * standard input; when it dies, however it dies, the pipe closes, and the child takes that as an interrupt.
 */
process.stdin.on('end', () => process.kill(process.pid, 'SIGINT'));
process.stdin.on('error', () => process.kill(process.pid, 'SIGINT'));
process.stdin.resume();
// Only the program itself keeps the process alive, not the wait for the parent's end.
if ('unref' in process.stdin) process.stdin.unref();

// A second interrupt must not end the process in the middle of writing its rows, as it would without a listener.
process.on('SIGINT', () => undefined);
