@echo off
rem Starts Whisper from this clone. Run it without arguments to see what it can do.
rem
rem It finds Deno, or downloads it into .deno\ of this folder. The packages go there too. Nothing else on
rem the computer changes (except by "install"), administrator rights are not needed, and everything works
rem offline after the first start. Messages of this script go to standard error; standard output belongs
rem to the program that it starts.
setlocal DisableDelayedExpansion
set "here=%~dp0"
set "home=%here%.deno"
rem Deno's cache is in the clone too, so that neither another user nor an emptied cache needs the network.
set "DENO_DIR=%home%\cache"
rem Deno asks its own host for newer versions otherwise.
set "DENO_NO_UPDATE_CHECK=1"
rem The version that is downloaded, and that "test", "compile" and "release" require.
set /p pinned=<"%here%.dvmrc"
rem The oldest Deno that can run Whisper, as three numbers.
set "oldest=2 6 10"
rem Where "install" puts the command: this folder is on the PATH of every user.
set "command=%LOCALAPPDATA%\Microsoft\WindowsApps\whisper.cmd"

if "%~1"=="" goto help
if /i "%~1"=="-h" goto help
if /i "%~1"=="--help" goto help
if /i "%~1"=="uninstall" goto uninstall

rem 1. Deno: the downloaded one, else one on the PATH that is new enough, else a download.
set "deno=%home%\bin\deno.exe"
call :is_pinned "%deno%" && goto packages
for /f "delims=" %%d in ('where deno.exe 2^>nul') do call :is_usable "%%d" "%~1" && set "deno=%%d" && goto packages
where curl.exe >nul 2>nul || where npm.cmd >nul 2>nul || goto no_means
call :find_target
if not exist "%home%\bin" mkdir "%home%\bin" || exit /b 1
set "work=%home%\fetch.%RANDOM%"
mkdir "%work%" || exit /b 1
call :from_deno || call :from_npm || goto no_deno
call :has_sum "%work%\deno.exe" || goto wrong_deno
call :is_pinned "%work%\deno.exe" || goto no_deno
move /y "%work%\deno.exe" "%deno%" >nul || goto no_deno
rmdir /s /q "%work%"

rem 2. The packages, when deno.lock has changed or the cache is gone.
:packages
set "PATH=%home%\bin;%PATH%"
if exist "%DENO_DIR%\npm" fc /b "%here%deno.lock" "%home%\installed" >nul 2>nul && goto start
>&2 echo Downloading packages...
pushd "%here%" || exit /b 1
"%deno%" install --quiet --frozen >&2 || goto no_packages
popd
if not exist "%home%" mkdir "%home%"
copy /y "%here%deno.lock" "%home%\installed" >nul

rem 3. The program. %%* is every argument as it was typed, quotes included. No block of parentheses
rem around it: a parenthesis among the arguments would end that.
:start
if /i "%~1"=="install" goto install
if /i "%~1"=="test" goto test
set args=%*
if /i "%~1"=="chat" goto chat
if /i "%~1"=="chat:any" goto any
rem Tasks of deno.json, for developers; every other word is a command of Whisper.
findstr /b /l /c:"    \"%~1\": {" "%here%deno.json" >nul && goto task
if not defined WHISPER_COMMAND set "WHISPER_COMMAND=%~0 chat"
goto run

:chat
if "%~2"=="" call :offer
if not defined WHISPER_COMMAND set "WHISPER_COMMAND=%~0 chat"
set args=%args:*chat=%
goto run

rem What earlier versions called it for a server of one's own.
:any
if not defined WHISPER_COMMAND set "WHISPER_COMMAND=%~0 chat"
set args=%args:*:any=%

:run
set "flags="
for %%f in (flags flags.windows flags.any) do for /f "usebackq delims=" %%l in ("%here%src\permissions\%%f") do call :add "%%l"
"%deno%" run %flags% "%here%main.ts" %args%
exit /b %errorlevel%

:task
"%deno%" task --quiet --config "%here%deno.json" %*
exit /b %errorlevel%

:test
"%deno%" task --quiet --config "%here%deno.json" ok
exit /b %errorlevel%

:help
echo Whisper: two people chat in private from their terminals.
echo.
echo   %~0 chat              Start a chat. Whisper asks for what it needs.
echo   %~0 chat join CODE    Join a chat with an invite code.
echo   %~0 chat --help       Show all commands and options.
echo   %~0 doctor            Find out why a connection fails.
echo   %~0 install           Add a "whisper" command that works in any folder.
echo   %~0 uninstall         Remove that command.
echo   %~0 test              Run all checks and tests.
exit /b 0

:install
call :is_installed && (
  >&2 echo Already installed: %command%
  exit /b 0
)
set "name=whisper"
where whisper >nul 2>nul && set "name=whisper-chat"
if exist "%command%" set "name=whisper-chat"
for %%c in ("%command%") do set "command=%%~dpc%name%.cmd"
if exist "%command%" (
  >&2 echo %command% exists already and is not from this clone. Nothing was installed.
  exit /b 1
)
>"%command%" echo @rem Starts Whisper in %here%
>>"%command%" echo @setlocal
>>"%command%" echo @set "WHISPER_COMMAND=%name%"
>>"%command%" echo @"%here%setup.bat" chat %%*
if errorlevel 1 exit /b 1
>&2 echo Installed %command%. To remove it: %~0 uninstall
>&2 echo Start Whisper in any folder with: %name%
exit /b 0

:uninstall
call :is_installed || (
  >&2 echo No command is installed from this clone.
  exit /b 0
)
del "%command%"
>&2 echo Removed %command%.
exit /b 0

rem Whether a command from this clone is installed; sets command to its path then.
:is_installed
for %%n in (whisper whisper-chat) do for %%c in ("%command%") do findstr /l /x /c:"@rem Starts Whisper in %here:\=\\%" "%%~dpc%%n.cmd" >nul 2>nul && set "command=%%~dpc%%n.cmd" && exit /b 0
exit /b 1

rem Asks once, at the first chat that a person starts without arguments.
:offer
if defined WHISPER_COMMAND exit /b 0
if exist "%home%\offered" exit /b 0
rem Only a person can answer: timeout.exe refuses an input that is not the console.
"%SystemRoot%\System32\timeout.exe" /t 0 >nul 2>nul || exit /b 0
2>nul type nul >"%home%\offered" || exit /b 0
call :is_installed && exit /b 0
set "answer="
set /p "answer=Add a "whisper" command that works in any folder? [y/N] " >&2
if /i "%answer:~0,1%"=="y" goto install
>&2 echo You can add it later with: %~0 install
exit /b 0

:add
set "flags=%flags% %1"
exit /b 0

:is_pinned
if not exist "%~1" exit /b 1
"%~1" --version 2>nul | findstr /b /l /c:"deno %pinned% " >nul
exit /b %errorlevel%

rem Whether Deno %1 can do %2: the pinned version everything, newer ones than the oldest most of it.
:is_usable
call :is_pinned "%~1" && exit /b 0
for %%w in (test compile release) do if /i "%~2"=="%%w" exit /b 1
set "version="
for /f "tokens=2" %%v in ('""%~1" --version 2^>nul ^| findstr /b /l /c:"deno ""') do set "version=%%v"
for /f "tokens=1-3 delims=.+-" %%a in ("%version%") do for /f "tokens=1-3" %%x in ("%oldest%") do (
  if %%a gtr %%x exit /b 0
  if %%a lss %%x exit /b 1
  if %%b gtr %%y exit /b 0
  if %%b lss %%y exit /b 1
  if %%c geq %%z exit /b 0
)
exit /b 1

:find_target
set "target=x86_64-pc-windows-msvc"
if /i "%PROCESSOR_ARCHITECTURE%"=="ARM64" set "target=aarch64-pc-windows-msvc"
exit /b 0

rem Whether file %1 has the SHA-256 in src\build\deno.sha256. The sum is of the executable, which is the
rem same in Deno's archive and in npm's package. certutil is a part of Windows. findstr finds the end of
rem a line (/x) only in files of Windows, and this one may be as it is in the repository.
:has_sum
set "sum="
for /f "skip=1 delims=" %%s in ('certutil -hashfile "%~1" SHA256') do if not defined sum set "sum=%%s"
if not defined sum exit /b 1
findstr /i /b /l /c:"%sum: =%  %target%" "%here%src\build\deno.sha256" >nul
exit /b %errorlevel%

rem Downloads Deno from its own host into %work%. curl and tar are parts of Windows 10 and later.
:from_deno
where curl.exe >nul 2>nul || exit /b 1
>&2 echo Downloading Deno %pinned% from dl.deno.land...
curl.exe -fsSL --connect-timeout 5 -o "%work%\deno.zip" "https://dl.deno.land/release/v%pinned%/deno-%target%.zip" 2>nul || exit /b 1
tar.exe -xf "%work%\deno.zip" -C "%work%" || exit /b 1
exit /b 0

rem Downloads Deno through npm into %work%. The executable is in one of the package's optional parts.
:from_npm
where npm.cmd >nul 2>nul || exit /b 1
>&2 echo Downloading Deno %pinned% through npm...
call npm.cmd install --prefix "%work%\npm" --cache "%work%\npm\cache" --ignore-scripts --no-save --no-audit --no-fund --no-update-notifier --loglevel=error deno@%pinned% >&2 || exit /b 1
for /d %%p in ("%work%\npm\node_modules\@deno\*") do if exist "%%p\deno.exe" copy /y "%%p\deno.exe" "%work%\deno.exe" >nul && exit /b 0
exit /b 1

:no_means
>&2 echo Whisper needs Deno %oldest: =.% or newer, or curl or npm to download it.
>&2 echo Install one of them (Deno: https://docs.deno.com/runtime) and try again.
exit /b 1

:wrong_deno
rmdir /s /q "%work%" 2>nul
>&2 echo The downloaded Deno doesn't match its SHA-256 in src\build\deno.sha256. It was not installed.
exit /b 1

:no_deno
rmdir /s /q "%work%" 2>nul
>&2 echo Can't download Deno %pinned%, neither from dl.deno.land (with curl) nor through npm.
>&2 echo Check your connection, or install Deno (https://docs.deno.com/runtime), and try again.
exit /b 1

:no_packages
popd
>&2 echo Can't download the packages in deno.lock. Check your connection and try again.
exit /b 1
