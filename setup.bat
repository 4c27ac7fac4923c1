@echo off
rem Starts a task of deno.json on a machine that may have nothing on it:
rem   setup.bat chat [ARGUMENTS]   chats; everything behind "chat" goes to Whisper as it is
rem   setup.bat test               all checks and tests
rem   setup.bat                    lists the tasks
rem Step 1 finds Deno, or puts it into .deno\ of this folder. Step 2 fetches what deno.lock names.
rem Step 3 starts the task. Without administrator rights; offline after the first time. What is said
rem here goes to standard error: standard input and output belong to the task.
setlocal DisableDelayedExpansion
set "here=%~dp0"
set "deno=%here%.deno\bin\deno.exe"
set /p pinned=<"%here%.dvmrc"

rem 1. Deno: our own, else the one on PATH if it is the pinned version, else a fresh one.
call :is_pinned "%deno%" && goto packages
for /f "delims=" %%d in ('where deno.exe 2^>nul') do call :is_pinned "%%d" && set "deno=%%d" && goto packages
where curl.exe >nul 2>nul || where npm.cmd >nul 2>nul || goto no_means
if not exist "%here%.deno\bin" mkdir "%here%.deno\bin" || exit /b 1
set "work=%here%.deno\fetch.%RANDOM%"
mkdir "%work%" || exit /b 1
call :from_deno || call :from_npm || goto no_deno
call :is_pinned "%work%\deno.exe" || goto no_deno
move /y "%work%\deno.exe" "%deno%" >nul || goto no_deno
rmdir /s /q "%work%"

rem 2. The packages, once for each deno.lock.
:packages
for %%d in ("%deno%") do set "PATH=%%~dpd;%PATH%"
fc /b "%here%deno.lock" "%here%.deno\installed" >nul 2>nul && goto task
>&2 echo Fetching what Whisper is made of ...
pushd "%here%" || exit /b 1
"%deno%" install --quiet --frozen >&2 || goto no_packages
popd
if not exist "%here%.deno" mkdir "%here%.deno"
copy /y "%here%deno.lock" "%here%.deno\installed" >nul

rem 3. The task. "test" is everything that has to be right. %%* hands the arguments on as they were
rem typed, quotes and all; no block around it, for a parenthesis among them would end that.
:task
if /i "%~1"=="test" goto tests
"%deno%" task --quiet --config "%here%deno.json" %*
exit /b %errorlevel%

:tests
"%deno%" task --quiet --config "%here%deno.json" ok
exit /b %errorlevel%

:is_pinned
if not exist "%~1" exit /b 1
"%~1" --version 2>nul | findstr /b /l /c:"deno %pinned% " >nul
exit /b %errorlevel%

rem From Deno's own host, checked against the sum that it publishes. curl, tar and certutil are parts
rem of Windows 10 and later.
:from_deno
where curl.exe >nul 2>nul || exit /b 1
>&2 echo Fetching Deno %pinned% from dl.deno.land ...
set "url=https://dl.deno.land/release/v%pinned%/deno-x86_64-pc-windows-msvc.zip"
curl.exe -fsSL --connect-timeout 5 -o "%work%\deno.zip" "%url%" 2>nul || exit /b 1
curl.exe -fsSL --connect-timeout 5 -o "%work%\sum" "%url%.sha256sum" 2>nul || exit /b 1
set "sum="
for /f "skip=1 delims=" %%s in ('certutil -hashfile "%work%\deno.zip" SHA256') do if not defined sum set "sum=%%s"
findstr /i /c:"%sum: =%" "%work%\sum" >nul || (
  >&2 echo The Deno that came is not the one that was published. Nothing was kept.
  exit /b 1
)
tar.exe -xf "%work%\deno.zip" -C "%work%" || exit /b 1
exit /b 0

rem From npm, which checks sums of its own. The program itself is in one of the package's parts.
:from_npm
where npm.cmd >nul 2>nul || exit /b 1
>&2 echo Fetching Deno %pinned% through npm ...
call npm.cmd install --prefix "%work%\npm" --cache "%work%\npm\cache" --no-save --no-audit --no-fund --loglevel=error deno@%pinned% >&2 || exit /b 1
for /d %%p in ("%work%\npm\node_modules\@deno\*") do if exist "%%p\deno.exe" copy /y "%%p\deno.exe" "%work%\deno.exe" >nul && exit /b 0
exit /b 1

:no_means
>&2 echo Whisper runs on Deno %pinned%, and this computer has neither that, nor curl or npm to fetch it with.
>&2 echo Install one of the three, Deno as https://docs.deno.com/runtime says, and start again.
exit /b 1

:no_deno
rmdir /s /q "%work%" 2>nul
>&2 echo Cannot fetch Deno %pinned%: neither Deno's own host (with curl) nor npm could give it.
>&2 echo Check the connection, or install Deno as https://docs.deno.com/runtime says, and start again.
exit /b 1

:no_packages
popd
>&2 echo Cannot fetch the packages that deno.lock names. Check the connection, and start again.
exit /b 1
