import { useEffect } from 'preact/hooks';

/** Runs something at intervals, and not while nobody can see the page; at once when it is seen again. */
export function useRepeated(run: () => void, milliseconds: number, isOn: boolean): void {
  useEffect(() => {
    if (!isOn) return;
    let timer: ReturnType<typeof setInterval> | undefined;
    const pause = () => {
      clearInterval(timer);
      timer = undefined;
    };
    const follow = () => {
      if (document.hidden) pause();
      else timer ??= setInterval(run, milliseconds);
    };
    const see = () => {
      if (!document.hidden) run();
      follow();
    };
    follow();
    document.addEventListener('visibilitychange', see);
    return () => {
      pause();
      document.removeEventListener('visibilitychange', see);
    };
  }, [run, milliseconds, isOn]);
}
